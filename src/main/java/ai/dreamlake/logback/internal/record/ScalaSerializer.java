package ai.dreamlake.logback.internal.record;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.ser.std.StdSerializer;
import tools.jackson.databind.ser.std.ToStringSerializer;

/**
 * Writes a Scala value through the methods of its Scala library: a map as an object, another collection as an array, an
 * option as its value or null, a case class as an object, a tuple as an array.
 *
 * <p>Scala 3 uses the library of Scala 2.13, or has these classes under the same names. In Scala 2.12, the elements of
 * a case class have no names, so it becomes an array.
 */
abstract class ScalaSerializer extends StdSerializer<Object> {

    private static final String MAP = "scala.collection.Map";
    private static final String ITERABLE = "scala.collection.Iterable";
    private static final String OPTION = "scala.Option";
    private static final String PRODUCT = "scala.Product";

    /** Reading these would consume them, or compute elements that nobody may need, possibly endlessly. */
    private static final Set<String> LAZY = Set.of(
            "scala.collection.Iterator",
            "scala.collection.View",
            "scala.collection.immutable.LazyList",
            "scala.collection.immutable.Stream");

    private ScalaSerializer() {
        super(Object.class);
    }

    /**
     * Null for a value that is not Scala's.
     *
     * @param supertypes the supertypes of the value's class, by name
     */
    static @Nullable ValueSerializer<?> find(Map<String, Class<?>> supertypes) throws ReflectiveOperationException {
        Class<?> iterable = supertypes.get(ITERABLE);
        Class<?> option = supertypes.get(OPTION);
        Class<?> product = supertypes.get(PRODUCT);
        boolean isText = iterable != null && supertypes.containsKey(CharSequence.class.getName());
        if (isText || LAZY.stream().anyMatch(supertypes::containsKey)) {
            return ToStringSerializer.instance;
        }
        if (iterable != null) {
            return supertypes.containsKey(MAP) ? new Entries(iterable) : new Elements(iterable);
        }
        if (option != null) {
            return new Optional(option);
        }
        return product == null ? null : new Product(product);
    }

    /** Iterates over a Scala collection. */
    private static final class Iteration {
        private final LibraryMethod iterator;
        private final LibraryMethod hasNext;
        private final LibraryMethod next;

        Iteration(Class<?> iterable) throws ReflectiveOperationException {
            iterator = LibraryMethod.of(iterable, "iterator");
            hasNext = LibraryMethod.of(iterator.returnType(), "hasNext");
            next = LibraryMethod.of(iterator.returnType(), "next");
        }

        @Nullable
        Object begin(Object iterable) {
            return iterator.call(iterable);
        }

        boolean hasNext(@Nullable Object begun) {
            return Boolean.TRUE.equals(hasNext.call(begun));
        }

        @Nullable
        Object next(@Nullable Object begun) {
            return next.call(begun);
        }
    }

    private static final class Elements extends ScalaSerializer {
        private final Iteration iteration;

        Elements(Class<?> iterable) throws ReflectiveOperationException {
            iteration = new Iteration(iterable);
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            generator.writeStartArray(value);
            Object elements = iteration.begin(value);
            while (iteration.hasNext(elements)) {
                context.writeValue(generator, iteration.next(elements));
            }
            generator.writeEndArray();
        }
    }

    private static final class Entries extends ScalaSerializer {
        private final Iteration iteration;

        /** Reads an element of the pairs that a map consists of. */
        private final LibraryMethod element;

        Entries(Class<?> iterable) throws ReflectiveOperationException {
            iteration = new Iteration(iterable);
            element = LibraryMethod.indexed(Class.forName(PRODUCT, false, iterable.getClassLoader()), "productElement");
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            generator.writeStartObject(value);
            Object entries = iteration.begin(value);
            while (iteration.hasNext(entries)) {
                Object entry = iteration.next(entries);
                writeKey(element.call(entry, 0), generator, context);
                context.writeValue(generator, element.call(entry, 1));
            }
            generator.writeEndObject();
        }

        private static void writeKey(@Nullable Object key, JsonGenerator generator, SerializationContext context) {
            if (key == null) {
                generator.writeName("null"); // as in a Java map
            } else {
                context.findKeySerializer(key.getClass(), null).serialize(key, generator, context);
            }
        }
    }

    private static final class Optional extends ScalaSerializer {
        private final LibraryMethod isEmpty;
        private final LibraryMethod get;

        Optional(Class<?> option) throws ReflectiveOperationException {
            isEmpty = LibraryMethod.of(option, "isEmpty");
            get = LibraryMethod.of(option, "get");
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            context.writeValue(generator, Boolean.TRUE.equals(isEmpty.call(value)) ? null : get.call(value));
        }
    }

    /** Case classes, tuples, and other values that consist of elements. */
    private static final class Product extends ScalaSerializer {
        private final LibraryMethod arity;
        private final LibraryMethod element;

        /** Null before Scala 2.13. */
        private final @Nullable LibraryMethod name;

        Product(Class<?> product) throws ReflectiveOperationException {
            arity = LibraryMethod.of(product, "productArity");
            element = LibraryMethod.indexed(product, "productElement");
            name = name(product);
        }

        private static @Nullable LibraryMethod name(Class<?> product) throws IllegalAccessException {
            try {
                return LibraryMethod.indexed(product, "productElementName");
            } catch (NoSuchMethodException before213) {
                return null;
            }
        }

        @Override
        public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
            int length = arity.call(value) instanceof Integer count ? count : 0;
            if (length == 0) {
                generator.writeString(value.toString()); // a case object, whose text says more than {}
            } else if (name == null || isUnnamed(name.call(value, 0))) {
                generator.writeStartArray(value, length);
                for (int i = 0; i < length; i++) {
                    context.writeValue(generator, element.call(value, i));
                }
                generator.writeEndArray();
            } else {
                generator.writeStartObject(value, length);
                for (int i = 0; i < length; i++) {
                    generator.writeName(String.valueOf(name.call(value, i)));
                    context.writeValue(generator, element.call(value, i));
                }
                generator.writeEndObject();
            }
        }

        /** The first element of a tuple is named _1; in a long tuple it has no name. */
        private static boolean isUnnamed(@Nullable Object firstName) {
            return firstName == null || firstName.equals("") || firstName.equals("_1");
        }
    }
}
