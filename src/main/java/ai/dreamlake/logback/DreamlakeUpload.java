package ai.dreamlake.logback;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;

/**
 * How records are sent to the server: the {@code <upload>} element of {@link DreamlakeAppender}. Read when the appender
 * starts.
 */
public class DreamlakeUpload {

    private int maxBatchRecords = 1000;
    private FileSize maxBatchSize = new FileSize(900 * FileSize.KB_COEFFICIENT);
    private Duration interval = Duration.buildBySeconds(1);
    private Duration connectTimeout = Duration.buildBySeconds(5);
    private Duration callTimeout = Duration.buildBySeconds(30);
    private int maxConcurrentUploads = 4;
    private String compression = "none";
    private String spoolPath = System.getProperty("user.home") + "/.dreamlake/spool";
    private FileSize spoolLimit = new FileSize(FileSize.GB_COEFFICIENT);
    private Duration shutdownTimeout = Duration.buildBySeconds(10);

    /** How many records go in one call at most. Default: 1000 */
    public void setMaxBatchRecords(int maxBatchRecords) {
        this.maxBatchRecords = maxBatchRecords;
    }

    public int getMaxBatchRecords() {
        return maxBatchRecords;
    }

    /** How large a call's body is at most, before compression; a record that is larger goes alone. Default: 900KB */
    public void setMaxBatchSize(FileSize maxBatchSize) {
        this.maxBatchSize = maxBatchSize;
    }

    public FileSize getMaxBatchSize() {
        return maxBatchSize;
    }

    /** How long a record waits for others to go with it. Default: 1 second */
    public void setInterval(Duration interval) {
        this.interval = interval;
    }

    public Duration getInterval() {
        return interval;
    }

    /** How long connecting may take. Default: 5 seconds */
    public void setConnectTimeout(Duration connectTimeout) {
        this.connectTimeout = connectTimeout;
    }

    public Duration getConnectTimeout() {
        return connectTimeout;
    }

    /** How long a whole call may take, with the answer's body. Default: 30 seconds */
    public void setCallTimeout(Duration callTimeout) {
        this.callTimeout = callTimeout;
    }

    public Duration getCallTimeout() {
        return callTimeout;
    }

    /** How many sessions are sent at the same time, and so how many connections there are. Default: 4 */
    public void setMaxConcurrentUploads(int maxConcurrentUploads) {
        this.maxConcurrentUploads = maxConcurrentUploads;
    }

    public int getMaxConcurrentUploads() {
        return maxConcurrentUploads;
    }

    /** "none", or "gzip" for a server that takes compressed bodies. Default: none */
    public void setCompression(String compression) {
        this.compression = compression;
    }

    public String getCompression() {
        return compression;
    }

    /**
     * Where records wait for the server if there is no {@link DreamlakeAppender#setLocalPath localPath}: in a directory of
     * its own for each server and user, which only its owner may enter. Default: .dreamlake/spool in the user's home
     */
    public void setSpoolPath(String spoolPath) {
        this.spoolPath = spoolPath;
    }

    public String getSpoolPath() {
        return spoolPath;
    }

    /**
     * How much may wait there, in all sessions together. Beyond that the oldest records are deleted unsent, by the piece of
     * a log; they are counted, and a record of level warn in their place tells the server how many they were. Default: 1GB
     */
    public void setSpoolLimit(FileSize spoolLimit) {
        this.spoolLimit = spoolLimit;
    }

    public FileSize getSpoolLimit() {
        return spoolLimit;
    }

    /**
     * How long the appender's stop, and the JVM's exit, wait for what is not delivered yet. Zero: not at all. What is left
     * goes out at the next start. Default: 10 seconds
     */
    public void setShutdownTimeout(Duration shutdownTimeout) {
        this.shutdownTimeout = shutdownTimeout;
    }

    public Duration getShutdownTimeout() {
        return shutdownTimeout;
    }
}
