package ai.dreamlake.logback.internal.record;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.databind.util.TokenBuffer;

/**
 * Reads the structured arguments and markers of logstash-logback-encoder as key-values, if that library is present:
 * {@code log.info("{}", kv("epoch", 5))}. They can only write themselves to a Jackson generator. Version 9.0 and later
 * use Jackson 3, as we do; older versions use Jackson 2 and are not supported.
 *
 * <p>Thread-safe.
 */
final class StructuredArguments {

    /** The key for an argument of which nothing can be read, not even its name. */
    private static final String UNNAMED = "arguments";

    /** Bounds markers that contain each other. */
    private static final int MAX_DEPTH = 10;

    private final Class<?> argumentType;
    private final Method writeArgument;
    private final Class<?> markerType;
    private final Method writeMarker;

    private StructuredArguments(Class<?> argumentType, Class<?> markerType) throws NoSuchMethodException {
        this.argumentType = argumentType;
        this.writeArgument = argumentType.getMethod("writeTo", JsonGenerator.class);
        this.markerType = markerType;
        this.writeMarker = markerType.getMethod("writeTo", JsonGenerator.class);
    }

    /** Null if the library is missing or too old. */
    static @Nullable StructuredArguments find(@Nullable ClassLoader loader) {
        try {
            return new StructuredArguments(
                    Class.forName("net.logstash.logback.argument.StructuredArgument", false, loader),
                    Class.forName("net.logstash.logback.marker.LogstashMarker", false, loader));
        } catch (ReflectiveOperationException | LinkageError notHere) {
            return null;
        }
    }

    boolean isOne(@Nullable Object argument) {
        return argumentType.isInstance(argument);
    }

    boolean isOne(@Nullable Marker marker) {
        return markerType.isInstance(marker);
    }

    /** The key-values of the arguments and then of the markers, in order. Null arrays, lists and elements have none. */
    List<KeyValuePair> read(Object @Nullable [] arguments, @Nullable List<Marker> markers, JsonValues values) {
        List<KeyValuePair> read = List.of();
        if (arguments != null) {
            for (Object argument : arguments) {
                if (isOne(argument)) {
                    read = read(argument, writeArgument, values, read);
                }
            }
        }
        if (markers != null) {
            for (Marker marker : markers) {
                read = readMarker(marker, values, read, 0);
            }
        }
        return read;
    }

    @SuppressWarnings("deprecation") // nested markers are deprecated, but this library uses them
    private List<KeyValuePair> readMarker(
            @Nullable Marker marker, JsonValues values, List<KeyValuePair> before, int depth) {
        List<KeyValuePair> read = before;
        if (marker == null) {
            return read;
        }
        if (isOne(marker)) {
            read = read(marker, writeMarker, values, read);
        }
        if (depth < MAX_DEPTH && marker.hasReferences()) {
            for (Iterator<Marker> inside = marker.iterator(); inside.hasNext(); ) {
                read = readMarker(inside.next(), values, read, depth + 1);
            }
        }
        return read;
    }

    /** @return the list before, extended; a new list if it was empty */
    private static List<KeyValuePair> read(
            Object structured, Method write, JsonValues values, List<KeyValuePair> before) {
        List<KeyValuePair> read = before.isEmpty() ? new ArrayList<>() : before;
        Tokens tokens = new Tokens(values.newContext());
        Throwable failure = null;
        try {
            tokens.writeStartObject();
            write.invoke(structured, tokens);
            tokens.writeEndObject();
        } catch (InvocationTargetException thrown) {
            failure = thrown.getCause();
        } catch (ReflectiveOperationException | RuntimeException thrown) {
            failure = thrown;
        }
        read(tokens, failure == null ? null : JsonValues.marker(failure), read);
        return read;
    }

    /** @param marker replaces what is missing; null if nothing is */
    private static void read(Tokens tokens, @Nullable String marker, List<KeyValuePair> target) {
        try (JsonParser parser = tokens.asParser()) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() == null) {
                    target.add(new KeyValuePair(name, marker));
                    return;
                }
                target.add(new KeyValuePair(name, value(parser)));
            }
        }
        if (marker != null) {
            target.add(new KeyValuePair(UNNAMED, marker));
        }
    }

    private static @Nullable Object value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_EMBEDDED_OBJECT -> parser.getEmbeddedObject();
            default -> {
                TokenBuffer structure = TokenBuffer.forGeneration();
                structure.copyCurrentStructure(parser);
                yield structure;
            }
        };
    }

    /** Keeps objects unconverted, so that whoever writes them can tell which of them fails. */
    private static final class Tokens extends TokenBuffer {

        Tokens(ObjectWriteContext context) {
            super(context, false);
        }

        @Override
        public JsonGenerator writePOJO(@Nullable Object value) {
            if (value == null) {
                return writeNull();
            }
            _appendValue(JsonToken.VALUE_EMBEDDED_OBJECT, value);
            return this;
        }
    }
}
