package ai.dreamlake.logback.benchmark;

import ch.qos.logback.classic.Logger;
import org.slf4j.MDC;

/** What is logged. */
public enum Work {
    PLAIN {
        @Override
        void log(Logger log, int i) {
            log.info("Training started with the usual settings");
        }
    },
    KEY_VALUES {
        @Override
        void log(Logger log, int i) {
            log.atInfo()
                    .addKeyValue("epoch", i)
                    .addKeyValue("train_loss", 0.234)
                    .log("Epoch completed");
        }
    },
    MDC_AND_EXCEPTION {
        @Override
        void prepareThread() {
            for (int i = 0; i < 8; i++) {
                MDC.put("key-" + i, "some value " + i);
            }
        }

        @Override
        void log(Logger log, int i) {
            log.error("It did not work", EXCEPTION);
        }
    };

    private static final Exception EXCEPTION = thirtyFrames(30 - 1);

    private static Exception thirtyFrames(int more) {
        if (more > 0) {
            return thirtyFrames(more - 1);
        }
        Exception exception = new IllegalStateException("the data is not there");
        StackTraceElement[] frames = exception.getStackTrace();
        StackTraceElement[] thirty = new StackTraceElement[30];
        for (int i = 0; i < thirty.length; i++) {
            thirty[i] = frames[Math.min(i, frames.length - 1)];
        }
        exception.setStackTrace(thirty);
        return exception;
    }

    void prepareThread() {
        // most work needs nothing
    }

    abstract void log(Logger log, int i);
}
