package ai.dreamlake.logback.internal.record;

import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.io.NumberOutput;

/**
 * Builds JSON text as UTF-8 bytes in a reusable array that grows up to a limit.
 *
 * <p>It does not know JSON's grammar: the caller writes commas, colons and brackets. It does know which characters a
 * log line must not contain:
 *
 * <pre>
 *   "a quotation mark, reverse solidus, and the control characters (U+0000 through U+001F)
 *    MUST be escaped"                                                        RFC 8259, section 7
 *   U+007F, U+0085, U+2028, U+2029     some readers end a line there, so they are escaped too
 *   a lone surrogate                   has no UTF-8 form, so it becomes U+FFFD
 * </pre>
 *
 * Everything else is written as is. Not thread-safe.
 */
public class JsonBuffer {

    /** Thrown when the text does not fit. Control flow, hence no stack trace. */
    static final class Full extends RuntimeException {
        private static final long serialVersionUID = 1;
        static final Full FULL = new Full();

        private Full() {
            super("the buffer's limit is reached", null, false, false);
        }
    }

    private static final int INITIAL_SIZE = 1024;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);

    /**
     * For each ASCII character: 0 if it needs no escape, the letter after the backslash, or 'u' for a numeric escape.
     */
    private static final byte[] ESCAPES = new byte[0x80];

    static {
        Arrays.fill(ESCAPES, 0, 0x20, (byte) 'u');
        ESCAPES[0x7F] = 'u';
        ESCAPES['\b'] = 'b';
        ESCAPES['\t'] = 't';
        ESCAPES['\n'] = 'n';
        ESCAPES['\f'] = 'f';
        ESCAPES['\r'] = 'r';
        ESCAPES['"'] = '"';
        ESCAPES['\\'] = '\\';
    }

    private byte[] bytes = new byte[INITIAL_SIZE];
    private int length;
    private int limit = Integer.MAX_VALUE;

    /** A high surrogate whose low surrogate may be the next character, or 0. */
    private char high;

    /** The bytes written so far, from 0 to {@link #length}. A new array replaces this one when it grows. */
    public byte[] bytes() {
        return bytes;
    }

    /** How many bytes have been written. */
    public int length() {
        return length;
    }

    int limit() {
        return limit;
    }

    /** Sets the length beyond which every writing method throws {@link Full}. */
    void limit(int limit) {
        this.limit = limit;
    }

    /** How many bytes still fit. */
    int room() {
        return limit - length;
    }

    /** Removes everything after {@code length}. */
    void cutTo(int length) {
        this.length = length;
        high = 0;
    }

    /** Writes bytes as they are. */
    void raw(byte[] text) {
        ensure(text.length);
        System.arraycopy(text, 0, bytes, length, text.length);
        length += text.length;
    }

    /** Writes one ASCII character as it is. */
    void raw(char character) {
        ensure(1);
        bytes[length++] = (byte) character;
    }

    /** Writes text that must be ASCII and contain nothing to escape. */
    void raw(String ascii) {
        int count = ascii.length();
        ensure(count);
        for (int i = 0; i < count; i++) {
            bytes[length + i] = (byte) ascii.charAt(i);
        }
        length += count;
    }

    void number(long value) {
        ensure(20);
        length = Decimal.write(value, bytes, length);
    }

    /** Writes the last {@code width} digits of a non-negative number, with leading zeros. */
    void digits(int value, int width) {
        ensure(width);
        length = Decimal.write(value, width, bytes, length);
    }

    /** JSON has no NaN or infinity; they become the strings "NaN", "Infinity" and "-Infinity". */
    void number(double value) {
        if (!Double.isFinite(value)) {
            string(Double.toString(value));
            return;
        }
        ensure(20);
        int end = Decimal.write(value, bytes, length);
        if (end > length) {
            length = end;
        } else {
            raw(NumberOutput.toString(value, true)); // the shortest form, which Java before 19 does not always produce
        }
    }

    void number(float value) {
        if (Float.isFinite(value)) {
            raw(NumberOutput.toString(value, true));
        } else {
            string(Float.toString(value));
        }
    }

    /** Writes a JSON string, including its quotes. */
    void string(String text) {
        raw('"');
        characters(text, text.length());
        raw('"');
    }

    /**
     * Writes a JSON string of at most {@code maxBytes} bytes, including its quotes. If the text is longer, a note
     * replaces its end.
     */
    void string(String text, int maxBytes) {
        if (text.length() + 2 <= maxBytes && prefixThatFits(text, maxBytes - 2) == text.length()) {
            string(text);
            return;
        }
        String note = "… [cut: " + text.length() + " characters]";
        int end = prefixThatFits(text, maxBytes - 2 - note.getBytes(StandardCharsets.UTF_8).length);
        raw('"');
        characters(text, end);
        characters(note, note.length());
        raw('"');
    }

    /** How many characters from the start of the text fit into {@code room} bytes. Never splits a surrogate pair. */
    private static int prefixThatFits(String text, int room) {
        int left = room;
        int index = 0;
        while (index < text.length()) {
            int codePoint = text.codePointAt(index);
            left -= encodedSize(codePoint);
            if (left < 0) {
                break;
            }
            index += Character.charCount(codePoint);
        }
        return index;
    }

    private static int encodedSize(int codePoint) {
        if (codePoint < 0x80) {
            byte escape = ESCAPES[codePoint];
            return escape == 0 ? 1 : escape == 'u' ? 6 : 2;
        }
        if (splitsLines(codePoint)) {
            return 6;
        }
        return codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    private void characters(String text, int end) {
        int done = 0;
        while (done < end) {
            ensure(end - done); // each character takes at least one byte
            done = plain(text, done, end);
            while (done < end && (high != 0 || !isPlain(text.charAt(done)))) {
                unusual(text.charAt(done++));
            }
        }
        endOfText();
    }

    private static boolean isPlain(char character) {
        return character < 0x80 && ESCAPES[character] == 0;
    }

    /**
     * Copies characters up to the first one that needs more than a copy, and returns its index. This is the hot loop.
     */
    private int plain(String text, int start, int end) {
        byte[] target = bytes;
        int at = length;
        int i = start;
        while (i < end) {
            char character = text.charAt(i);
            if (character >= 0x80 || ESCAPES[character] != 0) {
                break;
            }
            target[at++] = (byte) character;
            i++;
        }
        length = at;
        return i;
    }

    /** Writes a character that needs more than a copy. {@link #high} carries half a surrogate pair to the next call. */
    private void unusual(char character) {
        if (high != 0) {
            char first = high;
            high = 0;
            if (Character.isLowSurrogate(character)) {
                fourBytes(Character.toCodePoint(first, character));
                return;
            }
            raw(REPLACEMENT);
        }
        ensure(6);
        if (character < 0x80) {
            ascii(character);
        } else if (splitsLines(character)) {
            escape(character);
        } else if (character < 0x800) {
            bytes[length++] = (byte) (0xC0 | character >> 6);
            bytes[length++] = (byte) (0x80 | character & 0x3F);
        } else if (Character.isHighSurrogate(character)) {
            high = character;
        } else if (Character.isLowSurrogate(character)) {
            raw(REPLACEMENT);
        } else {
            bytes[length++] = (byte) (0xE0 | character >> 12);
            bytes[length++] = (byte) (0x80 | character >> 6 & 0x3F);
            bytes[length++] = (byte) (0x80 | character & 0x3F);
        }
    }

    private void ascii(char character) {
        byte escape = ESCAPES[character];
        if (escape == 0) {
            bytes[length++] = (byte) character;
        } else if (escape == 'u') {
            escape(character);
        } else {
            bytes[length++] = '\\';
            bytes[length++] = escape;
        }
    }

    private void escape(char character) {
        bytes[length++] = '\\';
        bytes[length++] = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            bytes[length++] = HEX[character >> shift & 0xF];
        }
    }

    private void fourBytes(int codePoint) {
        ensure(4);
        bytes[length++] = (byte) (0xF0 | codePoint >> 18);
        bytes[length++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
        bytes[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
        bytes[length++] = (byte) (0x80 | codePoint & 0x3F);
    }

    private void endOfText() {
        if (high != 0) {
            high = 0;
            raw(REPLACEMENT);
        }
    }

    private static boolean splitsLines(int codePoint) {
        return codePoint == 0x85 || codePoint == 0x2028 || codePoint == 0x2029;
    }

    private void ensure(int more) {
        if (more > limit - length) {
            throw Full.FULL;
        }
        reserve(more);
    }

    /** Makes the array large enough for {@code more} further bytes, regardless of the limit. */
    void reserve(int more) {
        if (more > bytes.length - length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length + (bytes.length >> 1)));
        }
    }

    /**
     * Accepts JSON text from another generator, which has already escaped what JSON requires. The few other characters
     * that this class escapes or replaces can only occur inside strings, so that is done here.
     */
    Writer writer() {
        return new Writer() {
            @Override
            public void write(char[] text, int start, int count) {
                ensure(count);
                for (int i = start; i < start + count; i++) {
                    if (text[i] < 0x7F && high == 0) {
                        raw(text[i]);
                    } else {
                        unusualInJson(text[i]);
                    }
                }
            }

            private void unusualInJson(char character) {
                if (character < 0x7F) {
                    endOfText();
                    raw(character);
                } else {
                    unusual(character);
                }
            }

            @Override
            public void flush() {
                // Nothing is buffered.
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }
}
