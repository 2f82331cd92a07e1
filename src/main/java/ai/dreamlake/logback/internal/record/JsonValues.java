package ai.dreamlake.logback.internal.record;

import java.io.Writer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Year;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.DefaultPrettyPrinter.NopIndenter;
import tools.jackson.core.util.Separators;
import tools.jackson.core.util.Separators.Spacing;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationConfig;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.exc.InvalidDefinitionException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.ValueSerializerModifier;
import tools.jackson.databind.ser.impl.UnknownSerializer;
import tools.jackson.databind.ser.std.StdSerializer;
import tools.jackson.databind.ser.std.ToStringSerializer;

/**
 * Writes any Java value as one JSON value: simple types directly, all others through Jackson.
 *
 * <p>Values are the application's objects, and their getters and {@code toString} are code that we do not control.
 * Whatever that code throws costs only the value: a marker text such as {@code "[failed: IllegalStateException]"}
 * replaces it.
 *
 * <p>Thread-safe. Each started appender has its own instance, so that Jackson's caches of the application's classes can
 * be collected together with the appender.
 */
final class JsonValues {

    static final String TOO_LONG = "[cut: longer than the record may be]";

    private static final JsonFactory READER = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final ObjectWriter writer;

    /**
     * @param modules take precedence for their types, except for simple types such as numbers and texts, for which they
     *     are not asked
     */
    JsonValues(List<JacksonModule> modules) {
        writer = JsonMapper.builder()
                .disable(EnumFeature.WRITE_ENUMS_USING_TO_STRING)
                // Otherwise a bean that contains itself would fail like a type that Jackson does not support.
                .disable(SerializationFeature.FAIL_ON_SELF_REFERENCES)
                .disable(DateTimeFeature.WRITE_DATES_WITH_CONTEXT_TIME_ZONE)
                .enable(StreamWriteFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
                .addModule(module())
                .addModules(modules)
                .build()
                .writer()
                .with(new DefaultPrettyPrinter(Separators.createDefaultInstance()
                                .withObjectNameValueSpacing(Spacing.AFTER)
                                .withObjectEntrySpacing(Spacing.AFTER)
                                .withArrayElementSpacing(Spacing.AFTER)
                                .withObjectEmptySeparator("")
                                .withArrayEmptySeparator(""))
                        .withObjectIndenter(NopIndenter.instance())
                        .withArrayIndenter(NopIndenter.instance()));
    }

    /**
     * Why values that are written through Jackson will fail: its parts have incompatible versions. Null if they will
     * not fail.
     */
    @Nullable
    LinkageError misfit() {
        try {
            writer.writeValueAsString(Map.of("numbers", List.of(1)));
            return null;
        } catch (LinkageError misfit) {
            return misfit;
        } catch (RuntimeException ofAModule) {
            return null; // one of the application's modules cannot write maps
        }
    }

    private static SimpleModule module() {
        SimpleModule module = new SimpleModule() {
            private static final long serialVersionUID = 1;

            @Override
            public void setupModule(SetupContext context) {
                context.addSerializers(new LibraryValues()); // first, because what is added later takes precedence
                super.setupModule(context);
            }
        };
        // Reading these would consume or change them, or drag half of the JVM into the record.
        module.addSerializer(Iterator.class, ToStringSerializer.instance);
        module.addSerializer(BaseStream.class, ToStringSerializer.instance);
        module.addSerializer(Throwable.class, ToStringSerializer.instance);
        module.addSerializer(Thread.class, ToStringSerializer.instance);
        module.addSerializer(ClassLoader.class, ToStringSerializer.instance);
        // Jackson would write a Year as a number, and a Path as a URI.
        module.addSerializer(Year.class, ToStringSerializer.instance);
        module.addSerializer(Path.class, ToStringSerializer.instance);
        module.addSerializer(Number.class, new NumberSerializer());
        module.setDefaultNullKeySerializer(new NullKeySerializer());
        module.setSerializerModifier(new ValueSerializerModifier() {
            private static final long serialVersionUID = 1;

            @Override
            public ValueSerializer<?> modifySerializer(
                    SerializationConfig config, BeanDescription.Supplier bean, ValueSerializer<?> serializer) {
                // It has no properties, so its toString says more than {}.
                return serializer instanceof UnknownSerializer ? ToStringSerializer.instance : serializer;
            }
        });
        return module;
    }

    /**
     * Writes the value, or a marker text in its place. Throws only {@link JsonBuffer.Full}, and any VirtualMachineError
     * except StackOverflowError.
     */
    void write(@Nullable Object value, JsonBuffer target) {
        int start = target.length();
        try {
            if (!writeSimple(value, target) && value != null) {
                writeOther(value, target);
            }
        } catch (JsonBuffer.Full full) {
            throw full;
        } catch (Throwable failure) {
            target.cutTo(start);
            if (rootCause(failure) instanceof JsonBuffer.Full) {
                throw JsonBuffer.Full.FULL;
            }
            target.string(marker(failure));
        }
    }

    /** Writes the value as {@link #write(Object, JsonBuffer)} does, with its secrets masked. */
    void write(@Nullable Object value, Masks masks, JsonBuffer target) {
        if (value == null
                || value instanceof Integer
                || value instanceof Long
                || value instanceof Double
                || value instanceof Boolean) {
            write(value, target);
            return;
        }
        JsonBuffer whole = new JsonBuffer();
        whole.limit(target.room());
        write(value, whole);
        int start = target.length();
        try (JsonParser parser = READER.createParser(ObjectReadContext.empty(), whole.bytes(), 0, whole.length());
                JsonGenerator generator = writer.createGenerator(target.writer())) {
            parser.nextToken();
            masks.copy(parser, generator);
        } catch (JsonBuffer.Full full) {
            throw full;
        } catch (Throwable failure) {
            target.cutTo(start); // what was written may be secret
            target.string(marker(failure));
        }
    }

    /** A context for another library's generator, so that it writes beans as this class does. For one use. */
    ObjectWriteContext newContext() {
        try (JsonGenerator generator = writer.createGenerator(Writer.nullWriter())) {
            return generator.objectWriteContext();
        }
    }

    /** The text that replaces something unreadable. Rethrows any VirtualMachineError except StackOverflowError. */
    static String marker(Throwable failure) {
        if (failure instanceof VirtualMachineError trouble && !(failure instanceof StackOverflowError)) {
            throw trouble;
        }
        return "[failed: " + rootCause(failure).getClass().getSimpleName() + "]";
    }

    /** Jackson wraps exceptions. */
    private static Throwable rootCause(Throwable failure) {
        Throwable root = failure;
        // The bound ends cycles of causes.
        for (int i = 0; i < 100 && root.getCause() != null; i++) {
            root = root.getCause();
        }
        return root;
    }

    /** Writes a value of the types that nearly all metadata consists of. Returns false for any other type. */
    static boolean writeSimple(@Nullable Object value, JsonBuffer target) {
        if (value == null) {
            target.raw("null");
        } else if (value instanceof String text) {
            target.string(text);
        } else if (value instanceof Integer
                || value instanceof Long
                || value instanceof Short
                || value instanceof Byte) {
            target.number(((Number) value).longValue());
        } else if (value instanceof Double number) {
            target.number(number.doubleValue());
        } else if (value instanceof Boolean) {
            target.raw(value.toString());
        } else if (value instanceof Float number) {
            target.number(number.floatValue());
        } else if (value instanceof Enum<?> constant) {
            target.string(constant.name());
        } else {
            return false;
        }
        return true;
    }

    private void writeOther(Object value, JsonBuffer target) {
        if (value instanceof CharSequence) {
            target.string(value.toString());
            return;
        }
        int start = target.length();
        try (JsonGenerator generator = writer.createGenerator(target.writer())) {
            writer.writeValue(generator, value);
        } catch (InvalidDefinitionException notForJackson) {
            target.cutTo(start);
            target.string(value.toString());
            return;
        }
        checkOneValue(target, start);
    }

    /** Custom serializers and raw values can write anything; a record needs exactly one value on one line. */
    private static void checkOneValue(JsonBuffer target, int start) {
        byte[] bytes = target.bytes();
        for (int i = start; i < target.length(); i++) {
            if (bytes[i] >= 0 && bytes[i] < ' ') {
                throw new IllegalStateException("a control character outside a string");
            }
        }
        try (JsonParser parser =
                READER.createParser(ObjectReadContext.empty(), bytes, start, target.length() - start)) {
            parser.nextToken();
            parser.skipChildren();
            if (parser.nextToken() != null) {
                throw new IllegalStateException("more than one value");
            }
        }
    }

    /**
     * Jackson copies the text of an unknown Number into the JSON as is. A fraction with the text "3/4" would break the
     * line.
     */
    private static final class NumberSerializer extends StdSerializer<Number> {
        private static final Pattern JSON_NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");

        NumberSerializer() {
            super(Number.class);
        }

        @Override
        public void serialize(Number value, JsonGenerator generator, SerializationContext context) {
            if (value instanceof Integer
                    || value instanceof Long
                    || value instanceof Short
                    || value instanceof Byte
                    || value instanceof AtomicInteger
                    || value instanceof AtomicLong) {
                generator.writeNumber(value.longValue());
            } else if (value instanceof Double) {
                generator.writeNumber(value.doubleValue());
            } else if (value instanceof Float) {
                generator.writeNumber(value.floatValue());
            } else if (value instanceof BigInteger number) {
                generator.writeNumber(number);
            } else if (value instanceof BigDecimal number) {
                generator.writeNumber(number);
            } else {
                String text = value.toString();
                if (text != null && JSON_NUMBER.matcher(text).matches()) {
                    generator.writeNumber(text);
                } else {
                    generator.writeString(text);
                }
            }
        }
    }

    private static final class NullKeySerializer extends StdSerializer<Object> {
        NullKeySerializer() {
            super(Object.class);
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            generator.writeName("null");
        }
    }
}
