package ai.dreamlake.logback.internal.upload;

/** A thread that uploads. Events that it logs, for example in the HTTP client, must not become records. */
public final class UploadThread extends Thread {

    UploadThread(Runnable work, String name) {
        super(work, name);
        setDaemon(true);
    }
}
