package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;

/**
 * A log, open for appending. Each write is one system call at the file's end, even if others append too. Not a
 * FileChannel, because that closes when the thread is interrupted.
 */
public class LogFile extends FileOutputStream {

    public LogFile(File log) throws IOException {
        super(checked(log), true);
        RegularFile.check(log);
    }

    private static File checked(File log) throws IOException {
        RegularFile.check(log);
        return log;
    }

    /** Returns once everything written is on the device. */
    public void force() throws IOException {
        getFD().sync();
    }
}
