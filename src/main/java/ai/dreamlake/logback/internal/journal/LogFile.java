package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;

/**
 * A log, open for appending: each write is one system call, at the file's end whoever else wrote there. No FileChannel:
 * that one closes when the thread is interrupted.
 */
public class LogFile extends FileOutputStream {

    /** How logs are opened; tests open failing ones. */
    public interface Opener {
        LogFile open(File log) throws FileNotFoundException;
    }

    public LogFile(File log) throws FileNotFoundException {
        super(log, true);
    }

    /** Returns when the device has all that was written. */
    public void force() throws IOException {
        getFD().sync();
    }
}
