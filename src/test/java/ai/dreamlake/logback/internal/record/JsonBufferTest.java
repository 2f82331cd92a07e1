package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.core.io.NumberOutput;
import tools.jackson.databind.json.JsonMapper;

class JsonBufferTest {

    private static String string(String text) {
        JsonBuffer buffer = new JsonBuffer();
        buffer.string(text);
        return text(buffer);
    }

    private static String text(JsonBuffer buffer) {
        return new String(buffer.bytes(), 0, buffer.length(), UTF_8);
    }

    @Test
    void whatJsonRequiresIsEscaped() {
        assertThat(string("\"\\/")).isEqualTo("\"\\\"\\\\/\"");
        assertThat(string("\b\t\n\f\r")).isEqualTo("\"\\b\\t\\n\\f\\r\"");
        assertThat(string("\u0000\u001f\u001b[31m")).isEqualTo("\"\\u0000\\u001f\\u001b[31m\"");
    }

    @Test
    void charactersThatSomeReadersSplitLinesAtAreEscaped() {
        assertThat(string("\u007f\u0085\u2028\u2029")).isEqualTo("\"\\u007f\\u0085\\u2028\\u2029\"");
    }

    @Test
    void everythingElseIsWrittenUnchanged() {
        assertThat(string("aé\u0080\u0084\u0086\u07ff\u0800€\u2027\u202a\uffff\ud83d\ude00"))
                .isEqualTo("\"aé\u0080\u0084\u0086\u07ff\u0800€\u2027\u202a\uffff\ud83d\ude00\"");
    }

    @Test
    void aLoneSurrogateBecomesTheReplacementCharacter() {
        assertThat(string("\ud800")).isEqualTo("\"\uFFFD\"");
        assertThat(string("\udc00")).isEqualTo("\"\uFFFD\"");
        assertThat(string("a\ud800b")).isEqualTo("\"a\uFFFDb\"");
        assertThat(string("\ud800\"")).isEqualTo("\"\uFFFD\\\"\"");
        assertThat(string("\ud800\ud83d\ude00\ude00")).isEqualTo("\"\uFFFD\ud83d\ude00\uFFFD\"");
    }

    @Test
    void anyTextIsReadBackAsItWas() {
        Random random = new Random(42);
        JsonMapper json = new JsonMapper();
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(3000); length > 0; length--) {
                text.appendCodePoint(
                        switch (random.nextInt(4)) {
                            case 0 -> random.nextInt(0x100);
                            case 1 -> random.nextInt(0xD800);
                            case 2 -> 0xE000 + random.nextInt(0x2000);
                            default -> 0x10000 + random.nextInt(0x100000);
                        });
            }
            assertThat(json.readTree(string(text.toString())).stringValue()).isEqualTo(text.toString());
        }
    }

    @Test
    void aTextIsCutToTheAllowedBytesAndNeverInsideACharacter() {
        String[] texts = {
            "x".repeat(5000), "\n".repeat(5000), "é€".repeat(2500), "\ud83d\ude00".repeat(2500), "\u2028".repeat(999)
        };
        for (String text : texts) {
            for (int most = 40; most < 400; most++) {
                JsonBuffer buffer = new JsonBuffer();
                buffer.string(text, most);
                assertThat(buffer.length()).isBetween(most - 6, most);
                String read = new JsonMapper().readTree(text(buffer)).stringValue();
                String note = "… [cut: " + text.length() + " characters]";
                assertThat(read).endsWith(note);
                assertThat(text).startsWith(read.substring(0, read.length() - note.length()));
            }
        }
    }

    @Test
    void aTextThatFitsIsNotCut() {
        for (String text : new String[] {"", "abc", "\n\n\n", "\ud83d\ude00"}) {
            JsonBuffer buffer = new JsonBuffer();
            int size = string(text).getBytes(UTF_8).length;
            buffer.string(text, size);
            assertThat(text(buffer)).isEqualTo(string(text));
        }
    }

    @Test
    void writingBeyondTheLimitThrowsAndCanBeUndone() {
        JsonBuffer buffer = new JsonBuffer();
        buffer.raw("12345");
        buffer.limit(8);
        buffer.raw("678");
        assertThatThrownBy(() -> buffer.raw('9')).isInstanceOf(JsonBuffer.Full.class);
        buffer.cutTo(5);
        assertThatThrownBy(() -> buffer.string("four")).isInstanceOf(JsonBuffer.Full.class);
        buffer.cutTo(5);
        buffer.string("x");
        assertThat(text(buffer)).isEqualTo("12345\"x\"");
    }

    private static String number(double value) {
        JsonBuffer buffer = new JsonBuffer();
        buffer.number(value);
        return text(buffer);
    }

    @Test
    void aDoubleIsWrittenAsTheShortestTextThatReadsBackAsTheSame() {
        Random random = new Random(5);
        for (int i = 0; i < 300_000; i++) {
            double places = Math.pow(10, random.nextInt(9));
            double chosen = Math.rint(random.nextGaussian() * Math.pow(10, random.nextInt(10))) / places;
            double any = Double.longBitsToDouble(random.nextLong());
            for (double value :
                    new double[] {chosen, Math.nextUp(chosen), Math.nextDown(chosen), random.nextDouble(), any}) {
                if (Double.isFinite(value)) {
                    assertThat(number(value)).isEqualTo(NumberOutput.toString(value, true));
                }
            }
        }
    }

    @Test
    void aDoubleLooksTheSameOnBothSidesOfWhereItsExponentBegins() {
        assertThat(number(0.234)).isEqualTo("0.234");
        assertThat(number(-1.5)).isEqualTo("-1.5");
        assertThat(number(3)).isEqualTo("3.0");
        assertThat(number(0.0)).isEqualTo("0.0");
        assertThat(number(-0.0)).isEqualTo("-0.0");
        assertThat(number(0.001)).isEqualTo("0.001");
        assertThat(number(0.000999)).isEqualTo("9.99E-4");
        assertThat(number(9_999_999.999999)).isEqualTo("9999999.999999");
        assertThat(number(10_000_000)).isEqualTo("1.0E7");
    }

    @Test
    void numbersAreWrittenDigitByDigit() {
        long[] numbers = {0, 9, 10, 99, 100, -1, -10, Long.MAX_VALUE, Long.MIN_VALUE, 1_000_000_007};
        for (long number : numbers) {
            JsonBuffer buffer = new JsonBuffer();
            buffer.number(number);
            assertThat(text(buffer)).isEqualTo(Long.toString(number));
        }
    }
}
