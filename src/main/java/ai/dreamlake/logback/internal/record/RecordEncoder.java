package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;

/**
 * Turns a logging event into a record: one line of {@code logs.jsonl}, without its sequence number, which only the
 * journal knows.
 *
 * <pre>
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "Epoch 1 complete",
 *    "metadata": {"train_loss": 0.5}, "sequenceNumber":      (on one line; the journal adds 1}\n)
 * </pre>
 *
 * <p>Whatever the event contains, the result is a valid line. A marker text replaces a part that cannot be read. A
 * record longer than the configured maximum is written again, with each text or other value limited to half of the
 * remaining room. So a huge message leaves room for the metadata, and a huge value leaves room for the next one. The
 * entry {@code dreamlake_cut} counts the entries that still do not fit.
 *
 * <p>Must run on the thread that logs, before the logger call returns: key-value objects are mutable, and the event
 * reads the MDC and the thread's name lazily. Thread-safe; each call needs its own buffer.
 */
public final class RecordEncoder {

    static final String CUT_KEY = "dreamlake_cut";

    /** Enough for the longest such entry: "dreamlake_cut": "2147483647 entries left out". */
    private static final int ROOM_FOR_CUT_ENTRY = 64;

    private final boolean includeMdc;
    private final boolean includeKeyValues;
    private final boolean includeNamedArguments;
    private final boolean includeLoggerName;
    private final boolean includeThreadName;
    private final boolean includeMarkers;
    private final boolean includeCallerData;
    private final boolean includeStackTrace;
    private final Set<String> includeMdcKeys;
    private final Set<String> excludeMdcKeys;
    private final @Nullable ThrowableHandlingConverter throwableConverter;
    private final int limit;
    private final JsonValues values;
    private final List<StaticField> fields;

    /** Null if nothing is masked. */
    private final @Nullable Masks masks;

    /** Null if logstash-logback-encoder is missing or too old. */
    private final @Nullable StructuredArguments structured;

    /**
     * @param settings copied
     * @param maxBytes the maximum length of a line, including its line feed
     * @param reservedMdcKeys MDC entries that never become metadata
     */
    public RecordEncoder(RecordSettings settings, int maxBytes, Set<String> reservedMdcKeys) {
        this.includeMdc = settings.includeMdc;
        this.includeKeyValues = settings.includeKeyValues;
        this.includeNamedArguments = settings.includeNamedArguments;
        this.includeLoggerName = settings.includeLoggerName;
        this.includeThreadName = settings.includeThreadName;
        this.includeMarkers = settings.includeMarkers;
        this.includeCallerData = settings.includeCallerData;
        this.includeStackTrace = settings.includeStackTrace;
        this.includeMdcKeys = new HashSet<>(settings.includeMdcKeys);
        Set<String> excluded = new HashSet<>(settings.excludeMdcKeys);
        excluded.addAll(reservedMdcKeys);
        this.excludeMdcKeys = excluded;
        this.throwableConverter = settings.throwableConverter;
        this.values = new JsonValues(settings.jacksonModules);
        this.limit = maxBytes - LineFormat.ROOM_FOR_NUMBER;
        this.masks = settings.masks.isEmpty() && settings.maskKeys.isEmpty()
                ? null
                : new Masks(List.copyOf(settings.masks), Set.copyOf(settings.maskKeys));
        this.fields = settings.fields.entrySet().stream()
                .map(field -> StaticField.of(wellFormed(field.getKey()), masked(field.getKey(), field.getValue())))
                .toList();
        this.structured = StructuredArguments.find(RecordEncoder.class.getClassLoader());
    }

    /**
     * Why maps, lists and beans in the metadata will fail: the parts of Jackson have incompatible versions. Null if
     * they will not fail.
     */
    public @Nullable LinkageError misfit() {
        return values.misfit();
    }

    /**
     * Writes the record into the buffer, replacing its content.
     *
     * @return the record's level
     */
    public RecordLevel encode(ILoggingEvent event, RecordBuffer buffer) {
        RecordLevel level = level(event);
        try {
            wholeOrCut(event, level, buffer);
        } catch (RuntimeException | StackOverflowError unreadable) {
            minimal(event, level, unreadable, buffer);
        } finally {
            buffer.keys.clear(); // a pooled buffer must not keep the application's strings alive
        }
        buffer.reserve(LineFormat.ROOM_FOR_NUMBER);
        return level;
    }

    private void wholeOrCut(ILoggingEvent event, RecordLevel level, RecordBuffer buffer) {
        try {
            buffer.clear();
            record(event, level, buffer);
        } catch (JsonBuffer.Full tooLong) {
            buffer.clear();
            buffer.cutting = true;
            record(event, level, buffer);
        }
    }

    private static RecordLevel level(ILoggingEvent event) {
        try {
            return RecordLevel.of(event);
        } catch (RuntimeException | StackOverflowError brokenMarker) {
            return RecordLevel.ERROR;
        }
    }

    private void record(ILoggingEvent event, RecordLevel level, RecordBuffer buffer) {
        buffer.limit(limit - LineFormat.BEFORE_NUMBER.length - (buffer.cutting ? ROOM_FOR_CUT_ENTRY : 0));
        buffer.raw(LineFormat.BEFORE_TIMESTAMP);
        buffer.timestamp(timestamp(event));
        buffer.raw(LineFormat.beforeMessage(level));
        text(masked(message(event)), buffer);
        buffer.raw(LineFormat.BEFORE_METADATA);
        int start = buffer.length();
        metadata(event, buffer);
        buffer.limit(limit);
        if (buffer.leftOut > 0) {
            buffer.raw(buffer.keys.isEmpty() ? "{\"" : ", \"");
            buffer.raw(CUT_KEY);
            buffer.raw("\": \"");
            buffer.number(buffer.leftOut);
            buffer.raw(" entries left out\"}");
        } else {
            if (start == buffer.length()) {
                buffer.raw(LineFormat.NO_METADATA);
            } else {
                buffer.raw('}');
            }
        }
        buffer.raw(LineFormat.BEFORE_NUMBER);
    }

    /** Writes the record of an event whose metadata cannot even be listed. */
    private void minimal(ILoggingEvent event, RecordLevel level, Throwable failure, RecordBuffer buffer) {
        buffer.clear();
        buffer.limit(limit);
        buffer.raw(LineFormat.BEFORE_TIMESTAMP);
        buffer.timestamp(timestamp(event));
        buffer.raw(LineFormat.beforeMessage(level));
        buffer.string(masked(message(event)), buffer.room() / 2);
        buffer.raw(LineFormat.BEFORE_METADATA);
        buffer.raw("{\"metadata\": ");
        buffer.string(JsonValues.marker(failure));
        buffer.raw('}');
        buffer.raw(LineFormat.BEFORE_NUMBER);
    }

    /** When the event happened. */
    public static Instant timestamp(ILoggingEvent event) {
        Instant instant = event.getInstant();
        return instant != null ? instant : Instant.ofEpochMilli(event.getTimeStamp());
    }

    /** The formatted message. Formatting calls the arguments' {@code toString}, which may throw anything. */
    private static String message(ILoggingEvent event) {
        try {
            String message = event.getFormattedMessage();
            return message != null ? message : "null";
        } catch (Throwable failure) {
            return JsonValues.marker(failure);
        }
    }

    /** In order of precedence: of two entries with the same key, the first wins. */
    private void metadata(ILoggingEvent event, RecordBuffer buffer) {
        if (includeKeyValues) {
            keyValues(event.getKeyValuePairs(), buffer);
            if (structured != null) {
                structured(structured, event, buffer);
            }
        }
        if (includeNamedArguments) {
            namedArguments(event, buffer);
        }
        if (includeMdc) {
            mdc(event, buffer);
        }
        if (includeLoggerName) {
            entry("logger", event.getLoggerName(), buffer);
        }
        if (includeThreadName) {
            entry("thread", event.getThreadName(), buffer);
        }
        if (includeMarkers && event.getMarkerList() != null) {
            markers(event.getMarkerList(), buffer);
        }
        if (includeCallerData) {
            StackTraceElement[] callers = event.getCallerData();
            if (callers != null && callers.length > 0) {
                entry("caller", callers[0].toString(), buffer);
            }
        }
        IThrowableProxy throwable = event.getThrowableProxy();
        if (throwable != null) {
            throwable(event, throwable, buffer);
        }
        for (int i = 0; i < fields.size(); i++) {
            entry(fields.get(i), buffer);
        }
    }

    /** Of two key-values with the same key, the later one wins, as in a map. */
    private void keyValues(List<KeyValuePair> pairs, RecordBuffer buffer) {
        if (pairs == null) {
            return;
        }
        for (int i = 0; i < pairs.size(); i++) {
            KeyValuePair pair = pairs.get(i);
            if (pair != null && !isRepeated(pair.key, pairs, i + 1)) {
                entry(pair.key, pair.value, buffer);
            }
        }
    }

    private void structured(StructuredArguments structured, ILoggingEvent event, RecordBuffer buffer) {
        List<KeyValuePair> pairs = structured.read(event.getArgumentArray(), event.getMarkerList(), values);
        for (int i = 0; i < pairs.size(); i++) {
            entry(pairs.get(i).key, pairs.get(i).value, buffer);
        }
    }

    private static boolean isRepeated(String key, List<KeyValuePair> pairs, int from) {
        for (int i = from; i < pairs.size(); i++) {
            KeyValuePair later = pairs.get(i);
            if (later != null && String.valueOf(later.key).equals(String.valueOf(key))) {
                return true;
            }
        }
        return false;
    }

    private void namedArguments(ILoggingEvent event, RecordBuffer buffer) {
        Object[] arguments = event.getArgumentArray();
        if (arguments == null || event.getMessage() == null) {
            return;
        }
        NamedArguments names = new NamedArguments(event.getMessage());
        for (int i = 0; i < arguments.length && names.next(); i++) {
            String name = names.name();
            if (name != null && !(structured != null && structured.isOne(arguments[i]))) {
                entry(name, arguments[i], buffer);
            }
        }
    }

    private void mdc(ILoggingEvent event, RecordBuffer buffer) {
        for (Map.Entry<String, String> entry : MdcReader.of(event).entrySet()) {
            String key = entry.getKey();
            if (!excludeMdcKeys.contains(String.valueOf(key))
                    && (includeMdcKeys.isEmpty() || includeMdcKeys.contains(String.valueOf(key)))) {
                entry(key, entry.getValue(), buffer);
            }
        }
    }

    /** Writes the names of all markers except those that only carry key-values. */
    private void markers(List<Marker> markers, RecordBuffer buffer) {
        List<String> names = new ArrayList<>();
        for (Marker marker : markers) {
            if (structured == null || !structured.isOne(marker)) {
                names.add(marker.getName());
            }
        }
        if (!names.isEmpty()) {
            entry("markers", names, buffer);
        }
    }

    private void throwable(ILoggingEvent event, IThrowableProxy throwable, RecordBuffer buffer) {
        entry("error_type", simpleName(throwable.getClassName()), buffer);
        entry("error_message", throwable.getMessage(), buffer);
        if (includeStackTrace) {
            String trace;
            try {
                trace = throwableConverter != null
                        ? throwableConverter.convert(event)
                        : ThrowableProxyUtil.asString(throwable);
            } catch (Throwable failure) {
                trace = JsonValues.marker(failure);
            }
            entry("stack_trace", trace, buffer);
        }
    }

    /**
     * {@code java.util.Map$Entry} becomes {@code Entry}, as in Class.getSimpleName; {@code Main$1} stays
     * {@code Main$1}.
     */
    private static @Nullable String simpleName(@Nullable String className) {
        if (className == null) {
            return null;
        }
        String name = className.substring(className.lastIndexOf('.') + 1);
        int nested = name.lastIndexOf('$') + 1;
        return nested < name.length() && !Character.isDigit(name.charAt(nested)) ? name.substring(nested) : name;
    }

    /** Writes one entry, unless the record already has its key. */
    private void entry(@Nullable String rawKey, @Nullable Object value, RecordBuffer buffer) {
        String key = wellFormed(String.valueOf(rawKey));
        if (buffer.keys.contains(key)) {
            return;
        }
        if (buffer.cutting && key.equals(CUT_KEY)) {
            buffer.leftOut++; // the key is reserved
            return;
        }
        int start = buffer.length();
        try {
            buffer.raw(buffer.keys.isEmpty() ? "{" : ", ");
            buffer.string(key);
            buffer.raw(": ");
            value(masks != null && masks.hides(key) ? Masks.MASKED : value, buffer);
            buffer.keys.add(key);
        } catch (JsonBuffer.Full noRoom) {
            leaveOut(start, noRoom, buffer);
        }
    }

    /** Writes a field, unless the record already has its key. */
    private static void entry(StaticField field, RecordBuffer buffer) {
        if (buffer.keys.contains(field.name()) || buffer.cutting && field.name().equals(CUT_KEY)) {
            return;
        }
        int start = buffer.length();
        try {
            buffer.raw(buffer.keys.isEmpty() ? "{" : ", ");
            buffer.raw(field.encoded());
            buffer.keys.add(field.name());
        } catch (JsonBuffer.Full noRoom) {
            leaveOut(start, noRoom, buffer);
        }
    }

    private static void leaveOut(int start, JsonBuffer.Full noRoom, RecordBuffer buffer) {
        if (!buffer.cutting) {
            throw noRoom;
        }
        buffer.cutTo(start);
        buffer.leftOut++;
    }

    private void value(@Nullable Object value, RecordBuffer buffer) {
        if (value instanceof String text) {
            text(masked(text), buffer);
        } else if (!buffer.cutting) {
            write(value, buffer);
        } else {
            cutValue(value, buffer);
        }
    }

    private void write(@Nullable Object value, RecordBuffer buffer) {
        if (masks == null) {
            values.write(value, buffer);
        } else {
            values.write(value, masks, buffer);
        }
    }

    /** Masks a text. A marker text replaces one that cannot be searched. */
    private String masked(String text) {
        if (masks == null) {
            return text;
        }
        try {
            return masks.in(text);
        } catch (RuntimeException | StackOverflowError unsearchable) {
            return JsonValues.marker(unsearchable);
        }
    }

    private String masked(String key, String value) {
        return masks != null && masks.hides(key) ? Masks.MASKED : masked(value);
    }

    private void cutValue(@Nullable Object value, RecordBuffer buffer) {
        int start = buffer.length();
        int wholeLimit = buffer.limit();
        try {
            buffer.limit(start + buffer.room() / 2);
            write(value, buffer);
        } catch (JsonBuffer.Full tooLong) {
            buffer.limit(wholeLimit);
            buffer.cutTo(start);
            buffer.string(JsonValues.TOO_LONG);
        } finally {
            buffer.limit(wholeLimit);
        }
    }

    private static void text(String text, RecordBuffer buffer) {
        if (buffer.cutting) {
            buffer.string(text, buffer.room() / 2);
        } else {
            buffer.string(text);
        }
    }

    /** The key as it will be read back: keys that differ only in lone surrogates become the same key in the line. */
    private static String wellFormed(String key) {
        for (int i = 0; i < key.length(); i++) {
            if (Character.isSurrogate(key.charAt(i))) {
                return new String(key.getBytes(StandardCharsets.UTF_16), StandardCharsets.UTF_16);
            }
        }
        return key;
    }
}
