package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class JsonValuesTest {

    private final JsonValues values = new JsonValues(List.of());

    private String json(Object value) {
        JsonBuffer buffer = new JsonBuffer();
        values.write(value, buffer);
        return new String(buffer.bytes(), 0, buffer.length(), UTF_8);
    }

    @Test
    void numbersStayNumbers() {
        assertThat(json(5)).isEqualTo("5");
        assertThat(json(Long.MIN_VALUE)).isEqualTo("-9223372036854775808");
        assertThat(json(Long.MAX_VALUE)).isEqualTo("9223372036854775807");
        assertThat(json((byte) -1)).isEqualTo("-1");
        assertThat(json((short) 300)).isEqualTo("300");
        assertThat(json(0.1f)).isEqualTo("0.1");
        assertThat(json(1e300)).isEqualTo("1.0E300");
        assertThat(json(new BigInteger("123456789012345678901234567890"))).isEqualTo("123456789012345678901234567890");
        assertThat(json(new BigDecimal("1E+400"))).isEqualTo("1E+400");
        assertThat(json(new AtomicInteger(7))).isEqualTo("7");
        LongAdder adder = new LongAdder();
        adder.add(8);
        assertThat(json(adder)).isEqualTo("8");
    }

    @Test
    void numbersThatJsonLacksAreStrings() {
        assertThat(json(Double.NaN)).isEqualTo("\"NaN\"");
        assertThat(json(Double.POSITIVE_INFINITY)).isEqualTo("\"Infinity\"");
        assertThat(json(Float.NEGATIVE_INFINITY)).isEqualTo("\"-Infinity\"");
        assertThat(json(new double[] {1, Double.NaN, Double.NEGATIVE_INFINITY}))
                .isEqualTo("[1.0, \"NaN\", \"-Infinity\"]");
        assertThat(json(List.of(Float.NaN))).isEqualTo("[\"NaN\"]");
    }

    /** A number type such as a mathematics library's fraction. */
    private static final class Fraction extends Number {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return "3/4";
        }

        @Override
        public int intValue() {
            return 0;
        }

        @Override
        public long longValue() {
            return 0;
        }

        @Override
        public float floatValue() {
            return 0.75f;
        }

        @Override
        public double doubleValue() {
            return 0.75;
        }
    }

    @Test
    void aNumberWhoseTextIsNotAJsonNumberIsAString() {
        assertThat(json(new Fraction())).isEqualTo("\"3/4\"");
        assertThat(json(Map.of("share", new Fraction()))).isEqualTo("{\"share\": \"3/4\"}");
    }

    @Test
    void simpleValuesKeepTheirTypes() {
        assertThat(json(null)).isEqualTo("null");
        assertThat(json(true)).isEqualTo("true");
        assertThat(json('x')).isEqualTo("\"x\"");
        assertThat(json("text")).isEqualTo("\"text\"");
        assertThat(json(new StringBuilder("built"))).isEqualTo("\"built\"");
        assertThat(json(Optional.of(2))).isEqualTo("2");
        assertThat(json(Optional.of(new Point(1, null)))).isEqualTo("{\"x\": 1, \"y\": null}");
        assertThat(json(Optional.empty())).isEqualTo("null");
        assertThat(json(OptionalInt.of(3))).isEqualTo("3");
        assertThat(json(List.of(OptionalInt.empty(), OptionalDouble.of(0.5)))).isEqualTo("[null, 0.5]");
        assertThat(json(UUID.fromString("00000000-0000-0001-0000-000000000002")))
                .isEqualTo("\"00000000-0000-0001-0000-000000000002\"");
    }

    private enum Optimizer {
        ADAM {
            @Override
            public String toString() {
                return "Adam, with a body of its own";
            }
        },
        SGD
    }

    @Test
    void enumsAreWrittenByName() {
        assertThat(json(Optimizer.ADAM)).isEqualTo("\"ADAM\"");
        assertThat(json(List.of(Optimizer.ADAM, Optimizer.SGD))).isEqualTo("[\"ADAM\", \"SGD\"]");
        assertThat(json(Map.of(Optimizer.ADAM, 1))).isEqualTo("{\"ADAM\": 1}");
    }

    @Test
    void timesAreIsoTexts() {
        assertThat(json(Instant.parse("2025-10-29T10:30:00Z"))).isEqualTo("\"2025-10-29T10:30:00Z\"");
        assertThat(json(LocalDate.of(2025, 10, 29))).isEqualTo("\"2025-10-29\"");
        assertThat(json(LocalTime.of(10, 30))).isEqualTo("\"10:30:00\"");
        assertThat(json(LocalDateTime.of(2025, 10, 29, 10, 30))).isEqualTo("\"2025-10-29T10:30:00\"");
        assertThat(json(Duration.ofMinutes(90))).isEqualTo("\"PT1H30M\"");
        assertThat(json(Year.of(2025))).isEqualTo("\"2025\"");
        assertThat(json(YearMonth.of(2025, 10))).isEqualTo("\"2025-10\"");
        assertThat(json(Month.OCTOBER)).isEqualTo("\"OCTOBER\"");
        assertThat(json(OffsetDateTime.of(2025, 10, 29, 10, 30, 0, 0, ZoneOffset.ofHours(2))))
                .isEqualTo("\"2025-10-29T10:30:00+02:00\"");
        assertThat(json(ZonedDateTime.of(2025, 10, 29, 10, 30, 0, 0, ZoneId.of("Europe/Berlin"))))
                .isEqualTo("\"2025-10-29T10:30:00+01:00\"");
        assertThat(json(List.of(Instant.EPOCH))).isEqualTo("[\"1970-01-01T00:00:00Z\"]");
    }

    private record Point(int x, Double y) {}

    public static final class Model {
        public String getName() {
            return "resnet";
        }

        public List<Point> getPoints() {
            return List.of(new Point(1, null));
        }
    }

    @Test
    void structuresKeepTheirShapeWithTheFormatsSeparators() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("a", List.of(1, 2));
        map.put("b", new int[][] {{1}, {}});
        map.put("c", Map.of());
        map.put("d", null);
        map.put("e", new Object[] {"x", new Point(3, 0.5)});
        assertThat(json(map))
                .isEqualTo(
                        "{\"a\": [1, 2], \"b\": [[1], []], \"c\": {}, \"d\": null, \"e\": [\"x\", {\"x\": 3, \"y\": 0.5}]}");
        assertThat(json(new Model())).isEqualTo("{\"name\": \"resnet\", \"points\": [{\"x\": 1, \"y\": null}]}");
    }

    private static final class NoBean {
        @Override
        public String toString() {
            return "no bean";
        }
    }

    @Test
    void anythingElseIsWrittenAsItsText() {
        assertThat(json(new NoBean())).isEqualTo("\"no bean\"");
        assertThat(json(List.of(new NoBean()))).isEqualTo("[\"no bean\"]");
        assertThat(json(URI.create("http://example.com/"))).isEqualTo("\"http://example.com/\"");
        assertThat(json(Path.of("data", "train.csv"))).isEqualTo("\"data" + java.io.File.separator + "train.csv\"");
        assertThat(json(Map.of("p", Path.of("x")))).isEqualTo("{\"p\": \"x\"}");
        assertThat(json(new IllegalStateException("no data")))
                .isEqualTo("\"java.lang.IllegalStateException: no data\"");
    }

    @Test
    void writingAValueDoesNotConsumeIt() {
        Iterator<Integer> iterator = List.of(1, 2).iterator();
        Stream<Integer> stream = Stream.of(1, 2);
        json(iterator);
        json(Map.of("nested", iterator));
        json(stream);
        assertThat(iterator.next()).isEqualTo(1);
        assertThat(stream.toList()).containsExactly(1, 2);
    }

    @Test
    void aNullKeyInAMapIsTheTextNull() {
        Map<String, Integer> map = new HashMap<>();
        map.put(null, 1);
        assertThat(json(map)).isEqualTo("{\"null\": 1}");
    }

    @Test
    void keysThatBecomeTheSameTextCostOnlyTheValue() {
        Map<Object, Integer> map = new LinkedHashMap<>();
        map.put(1, 1);
        map.put("1", 2);
        assertThat(json(map)).startsWith("\"[failed: ").endsWith("]\"");
    }

    public static final class BrokenBean {
        public int getFine() {
            return 1;
        }

        public int getBroken() {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void whatThrowsIsReplacedByAMarker() {
        assertThat(json(new Failing(new IllegalStateException()))).isEqualTo("\"[failed: IllegalStateException]\"");
        assertThat(json(new BrokenBean())).isEqualTo("\"[failed: UnsupportedOperationException]\"");
        assertThat(json(List.of(1, new BrokenBean()))).isEqualTo("\"[failed: UnsupportedOperationException]\"");
        assertThat(json(new Object() {
                    @Override
                    public String toString() {
                        throw new AssertionError("an error that is not the JVM's");
                    }
                }))
                .isEqualTo("\"[failed: AssertionError]\"");
        assertThat(json(new Object() {
                    @JsonValue
                    public Object value() {
                        throw new IllegalArgumentException();
                    }
                }))
                .isEqualTo("\"[failed: IllegalArgumentException]\"");
    }

    public record Raw(@JsonRawValue String json) {}

    @Test
    void whatWritesRawJsonWritesOneValueOnOneLineOrIsReplaced() {
        assertThat(json(new Raw("[1,2]"))).isEqualTo("{\"json\": [1,2]}");
        for (String broken :
                new String[] {"1}\n{", "1, \"a\": 1, \"a\": 2", "\n1", "}", "x", "1}, \"sequenceNumber\": 9"}) {
            assertThat(json(new Raw(broken)))
                    .as(broken)
                    .startsWith("\"[failed: ")
                    .endsWith("]\"");
        }
    }

    @Test
    void aNullTextIsNull() {
        assertThat(json(new Object() {
                    @Override
                    public String toString() {
                        return null;
                    }
                }))
                .isIn("null", "\"null\"");
    }

    public static final class Self {
        public Object getSelf() {
            return this;
        }
    }

    @Test
    void whatRecursesForeverIsReplacedByAMarker() {
        List<Object> list = new ArrayList<>();
        list.add(list);
        assertThat(json(list)).startsWith("\"[failed: ").endsWith("]\"");
        assertThat(json(new Self())).startsWith("\"[failed: ").endsWith("]\"");
        assertThat(json(new Object() {
                    @Override
                    public String toString() {
                        return "I am " + this;
                    }
                }))
                .isEqualTo("\"[failed: StackOverflowError]\"");
    }

    @Test
    void aJvmInTroubleIsNotHidden() {
        assertThatThrownBy(() -> json(new Object() {
                    @Override
                    public String toString() {
                        throw new OutOfMemoryError("thrown by the test");
                    }
                }))
                .isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void aHugeStructureStopsAtTheLimitInsteadOfFillingTheMemory() {
        List<Integer> endless = Collections.nCopies(Integer.MAX_VALUE, 7);
        JsonBuffer buffer = new JsonBuffer();
        buffer.limit(10_000);
        assertThatThrownBy(() -> values.write(endless, buffer)).isInstanceOf(JsonBuffer.Full.class);
        assertThat(buffer.bytes().length).isLessThan(100_000);
    }

    @Test
    void charactersInsideStructuresAreEscapedLikeAllOthers() {
        assertThat(json(Arrays.asList("\u2028\u0085\u007f\n\"\\", "\ud83d\ude00", "\ud800x", "x\udc00", "é")))
                .isEqualTo("[\"\\u2028\\u0085\\u007f\\n\\\"\\\\\", \"\ud83d\ude00\", \"\uFFFDx\", \"x\uFFFD\", \"é\"]");
        assertThat(json(Map.of("\ud800", "\ud800"))).isEqualTo("{\"\uFFFD\": \"\uFFFD\"}");
    }
}
