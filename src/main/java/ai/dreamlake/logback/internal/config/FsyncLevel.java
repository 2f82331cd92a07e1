package ai.dreamlake.logback.internal.config;

/** From which level on records are forced to the device. */
public enum FsyncLevel {
    OFF,
    FATAL,
    ERROR,
    WARN,
    INFO,
    DEBUG,
    ALL
}
