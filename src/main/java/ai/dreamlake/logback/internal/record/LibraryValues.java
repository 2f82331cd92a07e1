package ai.dreamlake.logback.internal.record;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.SerializationConfig;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.ser.Serializers;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Writes values of Scala and Guava that Jackson would mistake for beans.
 *
 * <p>These libraries are not dependencies, and each class loader may have its own copy of them. So a value is
 * recognised by the names of its class's supertypes, and methods are looked up on the supertypes that its own loader
 * found. Jackson asks once for each class. If no such value is logged, nothing is loaded.
 *
 * <p>Thread-safe.
 */
final class LibraryValues implements Serializers {

    private static final String MULTIMAP = "com.google.common.collect.Multimap";
    private static final String OPTIONAL = "com.google.common.base.Optional";

    /** Null for values of other libraries, and for those that define with {@code @JsonValue} how they are written. */
    @Override
    public @Nullable ValueSerializer<?> findSerializer(
            SerializationConfig config,
            JavaType type,
            BeanDescription.Supplier bean,
            JsonFormat.@Nullable Value format) {
        Map<String, Class<?>> supertypes = new HashMap<>();
        collect(type.getRawClass(), supertypes);
        try {
            ValueSerializer<?> found = find(supertypes);
            return found == null || bean.get().findJsonValueAccessor() != null ? null : found;
        } catch (ReflectiveOperationException otherVersion) {
            return null;
        }
    }

    private static @Nullable ValueSerializer<?> find(Map<String, Class<?>> supertypes)
            throws ReflectiveOperationException {
        Class<?> multimap = supertypes.get(MULTIMAP);
        if (multimap != null) {
            return new Converted(LibraryMethod.of(multimap, "asMap"));
        }
        Class<?> optional = supertypes.get(OPTIONAL);
        if (optional != null) {
            return new Converted(LibraryMethod.of(optional, "orNull"));
        }
        return ScalaSerializer.find(supertypes);
    }

    /** The class and its supertypes, by name. */
    private static void collect(@Nullable Class<?> type, Map<String, Class<?>> found) {
        if (type == null || found.putIfAbsent(type.getName(), type) != null) {
            return;
        }
        collect(type.getSuperclass(), found);
        for (Class<?> implemented : type.getInterfaces()) {
            collect(implemented, found);
        }
    }

    /** Writes what a method of the value returns. */
    private static final class Converted extends StdSerializer<Object> {
        private final LibraryMethod conversion;

        Converted(LibraryMethod conversion) {
            super(Object.class);
            this.conversion = conversion;
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            context.writeValue(generator, conversion.call(value));
        }
    }
}
