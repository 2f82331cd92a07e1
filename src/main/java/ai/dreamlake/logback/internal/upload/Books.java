package ai.dreamlake.logback.internal.upload;

/**
 * Counts what becomes of an appender's own records (I6). Called under a lock, before anybody learns of it who waits for
 * these records; so an implementation returns at once, throws nothing and calls nobody.
 */
public interface Books {

    /** The server has records. */
    void delivered(long records);

    /** The server refused records for good, and they are set aside. */
    void rejected(long records);

    /** Records were deleted before the server had them. */
    void lost(long records);
}
