package ai.dreamlake.logback.benchmark;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.util.Duration;
import co.elastic.logging.logback.EcsEncoder;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import net.logstash.logback.appender.LoggingEventAsyncDisruptorAppender;
import net.logstash.logback.encoder.LogstashEncoder;

/**
 * The subjects of the comparison. "Durable" means that an event survives a kill once the logger call has returned: one
 * system call per event. Every peer is set up as its own documentation says, and stores key-values and MDC as we do.
 */
public enum Subject {
    /** Logback's own event and nothing else: every other figure includes this one. */
    NOP {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return new AppenderBase<>() {
                private ILoggingEvent last;

                @Override
                protected void append(ILoggingEvent event) {
                    last = event; // otherwise the compiler would not even create it
                }
            };
        }
    },
    /** The floor: Logback's event, and a bare write of as many bytes as our record has. */
    BARE_WRITE {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return new BareWrite(file(directory));
        }
    },
    DREAMLAKE {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            DreamlakeAppender appender = new DreamlakeAppender();
            appender.setLocalPath(directory.toString());
            return appender;
        }

        @Override
        File file(Path directory) {
            return directory.resolve("default/default/logs/logs.jsonl").toFile();
        }
    },
    /** Hybrid mode with a server that does not answer. */
    DREAMLAKE_SERVER_AWAY {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            DreamlakeAppender appender = new DreamlakeAppender();
            appender.setLocalPath(directory.toString());
            appender.setRemote("http://localhost:1");
            appender.setApiKey("token");
            appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            return appender;
        }

        @Override
        File file(Path directory) {
            return DREAMLAKE.file(directory);
        }
    },
    /** Hybrid mode with a server that accepts everything, on the same cores. */
    DREAMLAKE_SERVER_UP {
        private CountingServer server;

        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            try {
                server = new CountingServer();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            DreamlakeAppender appender = new DreamlakeAppender();
            appender.setLocalPath(directory.toString());
            appender.setRemote(server.url());
            appender.setApiKey("token");
            appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            return appender;
        }

        @Override
        File file(Path directory) {
            return DREAMLAKE.file(directory);
        }
    },
    JSON_DURABLE {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, json(), true);
        }
    },
    LOGSTASH_DURABLE {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, new LogstashEncoder(), true);
        }
    },
    ECS_DURABLE {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, new EcsEncoder(), true);
        }
    },
    JSON_BUFFERED {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, json(), false);
        }
    },
    LOGSTASH_BUFFERED {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, new LogstashEncoder(), false);
        }
    },
    ECS_BUFFERED {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            return fileAppender(context, directory, new EcsEncoder(), false);
        }
    },
    LOGSTASH_ASYNC {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            AsyncAppender async = new AsyncAppender();
            async.setContext(context);
            async.setDiscardingThreshold(0); // otherwise it drops INFO when its queue is 80 % full
            async.setMaxFlushTime(0); // and, at stop, everything still queued
            async.addAppender(started(context, LOGSTASH_BUFFERED.appender(context, directory)));
            return async;
        }
    },
    LOGSTASH_DISRUPTOR {
        @Override
        Appender<ILoggingEvent> appender(LoggerContext context, Path directory) {
            LoggingEventAsyncDisruptorAppender async = new LoggingEventAsyncDisruptorAppender();
            async.setAppendTimeout(Duration.buildByMilliseconds(-1)); // wait for room, never drop
            async.addAppender(started(context, LOGSTASH_BUFFERED.appender(context, directory)));
            return async;
        }
    };

    /** Creates the appender; it is not started yet. */
    abstract Appender<ILoggingEvent> appender(LoggerContext context, Path directory);

    /** The file that receives the lines. */
    File file(Path directory) {
        return directory.resolve("log.jsonl").toFile();
    }

    static Appender<ILoggingEvent> started(LoggerContext context, Appender<ILoggingEvent> appender) {
        appender.setContext(context);
        appender.start();
        return appender;
    }

    private static JsonEncoder json() {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setWithFormattedMessage(true);
        return encoder;
    }

    private static Appender<ILoggingEvent> fileAppender(
            LoggerContext context, Path directory, Encoder<ILoggingEvent> encoder, boolean immediateFlush) {
        encoder.setContext(context);
        encoder.start();
        FileAppender<ILoggingEvent> appender = new FileAppender<>();
        appender.setFile(directory.resolve("log.jsonl").toString());
        appender.setEncoder(encoder);
        appender.setImmediateFlush(immediateFlush);
        return appender;
    }

    /** Writes for each event the same bytes, a record from a Dreamlake log. */
    static final class BareWrite extends AppenderBase<ILoggingEvent> {
        private final FileOutputStream out;
        private byte[] line = new byte[200];
        private ILoggingEvent last;

        BareWrite(File file) {
            try {
                out = new FileOutputStream(file, true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void line(byte[] line) {
            this.line = line;
        }

        // AppenderBase synchronizes, as any appender with one file must.
        @Override
        protected void append(ILoggingEvent event) {
            last = event;
            try {
                out.write(line);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void stop() {
            super.stop();
            try {
                out.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
