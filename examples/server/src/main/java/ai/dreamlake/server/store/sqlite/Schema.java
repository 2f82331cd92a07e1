package ai.dreamlake.server.store.sqlite;

/**
 * The layout of the file.
 *
 * <p>A record's id combines its session's row and its number in one integer. So a session's records lie together in the
 * order of their numbers, and both indexes end with the id. {@code folded} is the message as {@link Fold} folds it;
 * null if the message is plain ASCII, which SQLite compares by itself.
 *
 * <p>Times of records are microseconds since 1970, all others milliseconds. Lists and objects are JSON.
 */
final class Schema {

    /** "dlog" in ASCII: distinguishes our files from those of other programs. */
    static final int APPLICATION_ID = 0x646c_6f67;

    /** Version of this layout. A newer server may know older ones; an older server refuses newer ones. */
    static final int VERSION = 1;

    private static final int NUMBER_BITS = 36;

    /** The maximum number of records in a session; larger numbers do not fit into an id. */
    static final long MAX_RECORDS = 1L << NUMBER_BITS;

    static final String[] STATEMENTS = {
        """
        CREATE TABLE session (
          row INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          user TEXT NOT NULL,
          workspace TEXT NOT NULL,
          name TEXT NOT NULL,
          description TEXT,
          tags TEXT,
          folder TEXT,
          metadata TEXT,
          protected INTEGER NOT NULL,
          deleted INTEGER NOT NULL,
          removed INTEGER NOT NULL,
          start INTEGER NOT NULL,
          end INTEGER NOT NULL,
          debug INTEGER NOT NULL,
          info INTEGER NOT NULL,
          warn INTEGER NOT NULL,
          error INTEGER NOT NULL,
          fatal INTEGER NOT NULL,
          metrics TEXT,
          first INTEGER,
          last INTEGER,
          oldest INTEGER,
          createdAt INTEGER NOT NULL,
          updatedAt INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX session_name ON session (user, workspace, name) WHERE NOT deleted",
        "CREATE INDEX session_last ON session (user, last) WHERE NOT deleted",
        "CREATE INDEX session_oldest ON session (oldest) WHERE oldest IS NOT NULL",
        "CREATE INDEX session_deleted ON session (removed) WHERE deleted AND NOT removed",
        """
        CREATE TABLE record (
          id INTEGER PRIMARY KEY,
          session INTEGER NOT NULL,
          timestamp INTEGER NOT NULL,
          level INTEGER NOT NULL,
          createdAt INTEGER NOT NULL,
          message TEXT NOT NULL,
          folded TEXT,
          metadata TEXT)
        """,
        "CREATE INDEX record_time ON record (session, timestamp)",
        "CREATE INDEX record_level ON record (session, level)",
        // A batch's id is that of its first record.
        """
        CREATE TABLE batch (
          id INTEGER PRIMARY KEY,
          session INTEGER NOT NULL,
          key TEXT NOT NULL,
          count INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX batch_key ON batch (session, key)",
        """
        CREATE TABLE parameters (
          session INTEGER PRIMARY KEY,
          id TEXT NOT NULL,
          data TEXT NOT NULL,
          version INTEGER NOT NULL,
          createdAt INTEGER NOT NULL,
          updatedAt INTEGER NOT NULL)
        """,
        """
        CREATE TABLE track (
          row INTEGER PRIMARY KEY AUTOINCREMENT,
          session INTEGER NOT NULL,
          id TEXT NOT NULL,
          name TEXT NOT NULL,
          description TEXT,
          tags TEXT,
          metadata TEXT,
          end INTEGER NOT NULL,
          createdAt INTEGER NOT NULL,
          updatedAt INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX track_name ON track (session, name)",
        """
        CREATE TABLE point (
          track INTEGER NOT NULL,
          number INTEGER NOT NULL,
          data TEXT NOT NULL,
          PRIMARY KEY (track, number)) WITHOUT ROWID
        """,
        """
        CREATE TABLE file (
          row INTEGER PRIMARY KEY AUTOINCREMENT,
          session INTEGER NOT NULL,
          id TEXT NOT NULL UNIQUE,
          state INTEGER NOT NULL,
          prefix TEXT,
          name TEXT,
          description TEXT,
          tags TEXT,
          metadata TEXT,
          contentType TEXT,
          checksum TEXT,
          size INTEGER,
          createdAt INTEGER NOT NULL,
          updatedAt INTEGER NOT NULL)
        """,
        "CREATE INDEX file_session ON file (session)",
        "CREATE INDEX file_state ON file (state) WHERE state <> 1",
        """
        CREATE TABLE chunk (
          id INTEGER PRIMARY KEY,
          file INTEGER NOT NULL,
          bytes BLOB NOT NULL)
        """,
        "CREATE INDEX chunk_file ON chunk (file)",
    };

    private Schema() {}

    /** The id of a record. The id of a batch is that of its first record. */
    static long id(long session, long number) {
        return session << NUMBER_BITS | number;
    }

    static long number(long id) {
        return id & MAX_RECORDS - 1;
    }
}
