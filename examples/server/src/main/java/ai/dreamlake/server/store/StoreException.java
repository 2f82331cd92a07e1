package ai.dreamlake.server.store;

/** A store cannot do what it was asked to do, for one of several reasons. */
public final class StoreException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Why the store cannot do it. */
    public enum Reason {
        /** This user has nothing with this id. */
        UNKNOWN,
        /** The session was deleted. */
        DELETED,
        /** The session is write-protected. */
        PROTECTED,
        /** The key of a batch was used before, with another number of records. */
        KEY_REUSED,
        /** More than the store accepts; the message names the limit. */
        TOO_LARGE,
        /** The query took too long. */
        TOO_SLOW,
        /** The database is not reachable, or fails; the same call may succeed later. */
        UNAVAILABLE
    }

    private final Reason reason;

    public StoreException(Reason reason, String message) {
        this(reason, message, null);
    }

    /** @param cause the database's failure; null if there is none */
    public StoreException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    public static StoreException unavailable(Exception cause) {
        return new StoreException(Reason.UNAVAILABLE, "the store does not answer", cause);
    }
}
