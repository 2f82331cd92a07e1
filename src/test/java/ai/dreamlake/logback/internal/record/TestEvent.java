package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.LoggerContextVO;
import ch.qos.logback.classic.spi.ThrowableProxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.helpers.MessageFormatter;

/** An event whose parts can all be set, and set again. */
final class TestEvent implements ILoggingEvent {

    Instant instant = Instant.parse("2025-10-29T10:30:00Z");
    Level level = Level.INFO;
    String message = "Training started";
    Object[] arguments;
    List<Marker> markers = new ArrayList<>();
    List<KeyValuePair> keyValues = new ArrayList<>();
    Map<String, String> mdc = new LinkedHashMap<>();
    Throwable throwable;
    StackTraceElement[] callers;

    TestEvent keyValue(String key, Object value) {
        keyValues.add(new KeyValuePair(key, value));
        return this;
    }

    @Override
    public String getThreadName() {
        return "worker-1";
    }

    @Override
    public Level getLevel() {
        return level;
    }

    @Override
    public String getMessage() {
        return message;
    }

    @Override
    public Object[] getArgumentArray() {
        return arguments;
    }

    @Override
    public String getFormattedMessage() {
        return MessageFormatter.arrayFormat(message, arguments).getMessage();
    }

    @Override
    public String getLoggerName() {
        return "com.example.Training";
    }

    @Override
    public LoggerContextVO getLoggerContextVO() {
        return null;
    }

    @Override
    public IThrowableProxy getThrowableProxy() {
        return throwable == null ? null : new ThrowableProxy(throwable);
    }

    @Override
    public StackTraceElement[] getCallerData() {
        return callers;
    }

    @Override
    public boolean hasCallerData() {
        return callers != null;
    }

    @Override
    public List<Marker> getMarkerList() {
        return markers;
    }

    @Override
    public Map<String, String> getMDCPropertyMap() {
        return mdc;
    }

    @Override
    @Deprecated
    public Map<String, String> getMdc() {
        return mdc;
    }

    @Override
    public long getTimeStamp() {
        return 1000;
    }

    @Override
    public int getNanoseconds() {
        return instant.getNano();
    }

    @Override
    public Instant getInstant() {
        return instant;
    }

    @Override
    public long getSequenceNumber() {
        return 0;
    }

    @Override
    public List<KeyValuePair> getKeyValuePairs() {
        return keyValues;
    }

    @Override
    public void prepareForDeferredProcessing() {
        // Nothing is deferred.
    }
}
