package ai.dreamlake.logback.internal.upload;

/**
 * Counts what happens to an appender's own records (I6). Called under a lock, before a thread that waits for these
 * records is released. So an implementation returns at once, throws nothing and calls no foreign code.
 */
public interface Books {

    /** The server has these records. */
    void delivered(long records);

    /** The server refused records for good, and they are set aside. */
    void rejected(long records);

    /** Records were deleted before the server had them. */
    void lost(long records);
}
