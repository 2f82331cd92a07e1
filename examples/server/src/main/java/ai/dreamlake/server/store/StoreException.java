package ai.dreamlake.server.store;

/** Why a store does not do what it was asked for. */
public final class StoreException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What kind of fault it is. */
    public enum Reason {
        /** This user has nothing with this id. */
        UNKNOWN,
        /** The session was deleted. */
        DELETED,
        /** The session is write-protected. */
        PROTECTED,
        /** The key of a batch came before, with another number of records. */
        KEY_REUSED,
        /** It is more than the store takes; the message says what. */
        TOO_LARGE,
        /** The question took longer than it may. */
        TOO_SLOW,
        /** The database is away, or fails; the same call may succeed later. */
        UNAVAILABLE
    }

    private final Reason reason;

    public StoreException(Reason reason, String message) {
        this(reason, message, null);
    }

    /** @param cause what the database said; null if it is not to blame */
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
