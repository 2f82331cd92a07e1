package ai.dreamlake.logback.internal.upload;

/** A thread that uploads. What it logs, by way of the HTTP client for instance, must not become a record. */
public final class UploadThread extends Thread {

    UploadThread(Runnable work, String name) {
        super(work, name);
        setDaemon(true);
    }
}
