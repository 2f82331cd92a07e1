package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static scala.jdk.javaapi.CollectionConverters.asScala;

import com.fasterxml.jackson.annotation.JsonValue;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import kotlin.Pair;
import kotlin.Triple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.None$;
import scala.Option;
import scala.Product;
import scala.Some;
import scala.Tuple2;
import scala.Tuple3;
import scala.collection.immutable.LazyList$;
import scala.collection.immutable.List$;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Range$;
import scala.collection.immutable.Set$;
import scala.collection.immutable.Vector$;
import scala.collection.mutable.ArrayBuffer;
import scala.math.BigDecimal;
import scala.math.BigInt;
import scala.util.Right;

/** Values of other languages and libraries, most of them built as those languages would build them. */
class LibraryValuesTest {

    private final JsonValues values = new JsonValues(List.of());

    private String json(Object value) {
        JsonBuffer buffer = new JsonBuffer();
        values.write(value, buffer);
        return new String(buffer.bytes(), 0, buffer.length(), UTF_8);
    }

    private static <V> Map<String, V> ordered(String key, V value, String otherKey, V otherValue) {
        Map<String, V> map = new LinkedHashMap<>();
        map.put(key, value);
        map.put(otherKey, otherValue);
        return map;
    }

    private static <K, V> scala.collection.immutable.Map<K, V> immutable(Map<K, V> map) {
        return Map$.MODULE$.from(asScala(map));
    }

    private static scala.collection.immutable.List<Object> list(Object... elements) {
        return List$.MODULE$.from(asScala(Arrays.asList(elements)));
    }

    private static Product caseClass(Map<String, ?> elements) {
        return new CaseClass(elements);
    }

    /** The methods that the Scala compiler gives a case class. */
    private record CaseClass(Map<String, ?> elements) implements Product {
        @Override
        public int productArity() {
            return elements.size();
        }

        @Override
        public Object productElement(int index) {
            return List.copyOf(elements.values()).get(index);
        }

        @Override
        public String productElementName(int index) {
            return List.copyOf(elements.keySet()).get(index);
        }

        @Override
        public boolean canEqual(Object other) {
            return other instanceof CaseClass;
        }
    }

    static Stream<Object[]> scalaValues() {
        Map<String, Integer> java = ordered("a", 1, "b", 2);
        return Stream.<Object[]>of(
                new Object[] {immutable(java), "{\"a\": 1, \"b\": 2}"},
                new Object[] {asScala(java), "{\"a\": 1, \"b\": 2}"},
                new Object[] {Map$.MODULE$.empty(), "{}"},
                new Object[] {immutable(Map.of(7, 0.5)), "{\"7\": 0.5}"},
                new Object[] {list(1, 2, 3), "[1, 2, 3]"},
                new Object[] {List$.MODULE$.empty(), "[]"},
                new Object[] {list("a", null), "[\"a\", null]"},
                new Object[] {Vector$.MODULE$.from(list(0.5)), "[0.5]"},
                new Object[] {Set$.MODULE$.from(list("a", "b")), "[\"a\", \"b\"]"},
                new Object[] {asScala(List.of("x")), "[\"x\"]"},
                new Object[] {Range$.MODULE$.inclusive(1, 4), "[1, 2, 3, 4]"},
                new Object[] {Option.apply("x"), "\"x\""},
                new Object[] {new Some<>(list(1)), "[1]"},
                new Object[] {None$.MODULE$, "null"},
                new Object[] {new Tuple2<>("a", 1), "[\"a\", 1]"},
                new Object[] {new Tuple3<>(1, None$.MODULE$, list()), "[1, null, []]"},
                new Object[] {new Right<>(5), "{\"value\": 5}"},
                new Object[] {caseClass(ordered("epoch", 5, "loss", 0.25)), "{\"epoch\": 5, \"loss\": 0.25}"},
                new Object[] {BigInt.apply(7), "7"},
                new Object[] {BigDecimal.exact("1.50"), "1.50"},
                new Object[] {new scala.collection.mutable.StringBuilder().append("built"), "\"built\""});
    }

    @ParameterizedTest
    @MethodSource("scalaValues")
    void valuesOfScalaHaveTheShapeThatScalaGivesThem(Object value, String json) {
        assertThat(json(value)).isEqualTo(json);
        assertThat(json(List.of(value))).as("inside a Java collection").isEqualTo("[" + json + "]");
        assertThat(json(list(value))).as("inside a Scala collection").isEqualTo("[" + json + "]");
    }

    private record Point(int x, Integer y) {}

    @Test
    void valuesOfScalaAndJavaContainEachOther() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("point", new Point(1, null));
        parts.put("points", List.of(new Some<>(new Point(2, 3))));
        parts.put("counts", Map.of("a", list(Map.of("b", new int[] {1}))));
        assertThat(json(immutable(parts)))
                .isEqualTo("{\"point\": {\"x\": 1, \"y\": null}, \"points\": [{\"x\": 2, \"y\": 3}],"
                        + " \"counts\": {\"a\": [{\"b\": [1]}]}}");
        assertThat(json(Optional.of(caseClass(Map.of("pair", new Tuple2<>(None$.MODULE$, new Point(1, 2)))))))
                .isEqualTo("{\"pair\": [null, {\"x\": 1, \"y\": 2}]}");
    }

    @Test
    void aNullKeyIsTheTextNullAndKeysThatBecomeTheSameTextCostOnlyTheValue() {
        Map<String, Integer> withNull = new HashMap<>();
        withNull.put(null, 1);
        assertThat(json(immutable(withNull))).isEqualTo("{\"null\": 1}");
        Map<Object, Integer> alike = new LinkedHashMap<>();
        alike.put(1, 1);
        alike.put("1", 2);
        assertThat(json(immutable(alike))).startsWith("\"[failed: ").endsWith("]\"");
    }

    @Test
    void whatIsComputedOnDemandIsNotComputed() {
        scala.collection.Iterator<Object> iterator = list(1, 2).iterator();
        assertThat(json(iterator)).isEqualTo("\"<iterator>\"");
        assertThat(iterator.next()).isEqualTo(1);
        assertThat(json(LazyList$.MODULE$.from(1))).isEqualTo("\"LazyList(<not computed>)\"");
        assertThat(json(list(list(1).view()))).isEqualTo("[\"SeqView(<not computed>)\"]");
    }

    /** {@code case object Sgd}, and a product whose elements have no names. */
    private static class Unnamed implements Product {
        private final List<?> elements;

        Unnamed(List<?> elements) {
            this.elements = elements;
        }

        @Override
        public int productArity() {
            return elements.size();
        }

        @Override
        public Object productElement(int index) {
            return elements.get(index);
        }

        @Override
        public boolean canEqual(Object other) {
            return other instanceof Unnamed;
        }

        @Override
        public String toString() {
            return "Sgd";
        }
    }

    @Test
    void aProductWithoutNamesIsAnArrayAndOneWithoutElementsItsText() {
        assertThat(json(new Unnamed(List.of(1, "two")))).isEqualTo("[1, \"two\"]");
        assertThat(json(new Unnamed(List.of()))).isEqualTo("\"Sgd\"");
    }

    private static final class Celsius extends Unnamed {
        Celsius() {
            super(List.of("not this"));
        }

        @JsonValue
        public double degrees() {
            return 36.6;
        }
    }

    @Test
    void aProductThatDefinesHowItIsWrittenIsWrittenThatWay() {
        assertThat(json(new Celsius())).isEqualTo("36.6");
    }

    /** Its elements throw undeclared exceptions of any kind, as Scala's may. */
    private static final class Broken extends Unnamed {
        private final Throwable failure;

        Broken(Throwable failure) {
            super(List.of(1));
            this.failure = failure;
        }

        @Override
        public Object productElement(int index) {
            throw Broken.<RuntimeException>undeclared(failure);
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> T undeclared(Throwable thrown) throws T {
            throw (T) thrown;
        }
    }

    @Test
    void whatThrowsIsReplacedByAMarker() {
        assertThat(json(new Broken(new IllegalArgumentException())))
                .isEqualTo("\"[failed: IllegalArgumentException]\"");
        assertThat(json(new Broken(new IOException()))).isEqualTo("\"[failed: IOException]\"");
        assertThat(json(new Broken(new AssertionError()))).isEqualTo("\"[failed: AssertionError]\"");
        assertThat(json(list(1, new Broken(new IOException())))).isEqualTo("\"[failed: IOException]\"");
        assertThat(json(asScala(new AbstractList<>() {
                    @Override
                    public Object get(int index) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public int size() {
                        return 1;
                    }
                })))
                .isEqualTo("\"[failed: UnsupportedOperationException]\"");
        assertThatThrownBy(() -> json(new Broken(new OutOfMemoryError("thrown by the test"))))
                .isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void whatIsEndlessIsReplacedByAMarker() {
        ArrayBuffer<Object> itself = new ArrayBuffer<>();
        itself.addOne(itself);
        assertThat(json(itself)).startsWith("\"[failed: ").endsWith("]\"");
        List<Object> java = new ArrayList<>();
        java.add(immutable(Map.of("java", java)));
        assertThat(json(java)).startsWith("\"[failed: ").endsWith("]\"");
        Object deep = 1;
        for (int i = 0; i < 100_000; i++) {
            deep = new Some<>(deep);
        }
        assertThat(json(deep)).isEqualTo("\"[failed: StackOverflowError]\"");
    }

    @Test
    void aHugeCollectionStopsAtTheLimitInsteadOfFillingTheMemory() {
        for (Object endless : List.of(
                Range$.MODULE$.apply(0, Integer.MAX_VALUE), asScala(Collections.nCopies(Integer.MAX_VALUE, 7)))) {
            JsonBuffer buffer = new JsonBuffer();
            buffer.limit(10_000);
            assertThatThrownBy(() -> values.write(endless, buffer)).isInstanceOf(JsonBuffer.Full.class);
            assertThat(buffer.bytes().length).isLessThan(100_000);
        }
    }

    /** Loads its own copies of existing classes, and notes which classes it was asked for. */
    private static final class Copying extends URLClassLoader {
        final List<String> asked = new ArrayList<>();
        private final String own;

        Copying(String own, URL... classPath) {
            super(classPath, LibraryValuesTest.class.getClassLoader());
            this.own = own;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            asked.add(name);
            if (!name.startsWith(own)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = file.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void aScalaOfAnotherClassLoaderIsUnderstood() throws Exception {
        Copying application = new Copying("scala.");
        Class<?> some = application.loadClass("scala.Some");
        assertThat(some).isNotSameAs(Some.class);
        Object value = some.getConstructor(Object.class).newInstance("x");
        Object pair = application
                .loadClass("scala.Tuple2")
                .getConstructor(Object.class, Object.class)
                .newInstance(value, 1);
        Object map = application
                .loadClass("scala.collection.immutable.Map$Map1")
                .getConstructor(Object.class, Object.class)
                .newInstance("pair", pair);
        assertThat(json(map)).isEqualTo("{\"pair\": [\"x\", 1]}");
    }

    public static final class Bean {
        public int getEpoch() {
            return 5;
        }
    }

    @Test
    void withoutSuchAValueNothingIsLoaded() throws Exception {
        Copying application = new Copying(Bean.class.getName());
        Object bean =
                application.loadClass(Bean.class.getName()).getConstructor().newInstance();
        assertThat(bean).isNotInstanceOf(Bean.class);
        assertThat(json(bean)).isEqualTo("{\"epoch\": 5}");
        assertThat(application.asked).noneMatch(name -> name.startsWith("scala") || name.contains("google"));
    }

    static Stream<Object[]> guavaValues() {
        return Stream.<Object[]>of(
                new Object[] {ImmutableMap.of("a", 1, "b", 2), "{\"a\": 1, \"b\": 2}"},
                new Object[] {ImmutableList.of(1, "two"), "[1, \"two\"]"},
                new Object[] {ImmutableListMultimap.of("a", 1, "a", 2, "b", 3), "{\"a\": [1, 2], \"b\": [3]}"},
                new Object[] {ImmutableListMultimap.of(), "{}"},
                new Object[] {com.google.common.base.Optional.of(new Point(1, 2)), "{\"x\": 1, \"y\": 2}"},
                new Object[] {com.google.common.base.Optional.absent(), "null"});
    }

    @ParameterizedTest
    @MethodSource("guavaValues")
    void valuesOfGuavaAreObjectsArraysOrWhatTheyContain(Object value, String json) {
        assertThat(json(value)).isEqualTo(json);
        assertThat(json(List.of(value))).isEqualTo("[" + json + "]");
    }

    /**
     * What the Kotlin compiler makes of {@code data class Run(val name: String, val isBest: Boolean, val loss:
     * Double?)}.
     */
    public static final class DataClass {
        private final String name;
        private final boolean isBest;
        private final Double loss;

        public DataClass(String name, boolean isBest, Double loss) {
            this.name = name;
            this.isBest = isBest;
            this.loss = loss;
        }

        public String getName() {
            return name;
        }

        public boolean isBest() {
            return isBest;
        }

        public Double getLoss() {
            return loss;
        }

        public String component1() {
            return name;
        }

        public boolean component2() {
            return isBest;
        }

        public Double component3() {
            return loss;
        }
    }

    @Test
    void dataClassesOfKotlinAreObjects() {
        assertThat(json(new DataClass("run-7", true, null)))
                .isEqualTo("{\"best\": true, \"loss\": null, \"name\": \"run-7\"}");
        assertThat(json(new Pair<>("a", list(1)))).isEqualTo("{\"first\": \"a\", \"second\": [1]}");
        assertThat(json(new Triple<>(1, null, 3.5))).isEqualTo("{\"first\": 1, \"second\": null, \"third\": 3.5}");
    }
}
