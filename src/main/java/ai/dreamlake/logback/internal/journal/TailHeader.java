package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.ProcessIdentity;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The first line of a tail, which says which of the records after it are written. It has a fixed width, so each field
 * is overwritten in place.
 *
 * <pre>
 *   F epoch=0000000003 from=000256 end=000256 first=0000000000000001234 place=0000000000000219652 pid=0000004711 … \n
 * </pre>
 *
 * <p>A kill can tear a field, but not the state, which is one byte. So a field changes only while the state makes it
 * irrelevant:
 *
 * <pre>
 *   F   filling   records from "from" on are in no log
 *   W   writing   records from "from" on are being written, numbered from "first", at "place" or after it
 *   D   done      records up to "end" are written; those from "end" on are in no log
 * </pre>
 *
 * @param epoch increases when another process takes over what is staged
 * @param from the position of the first record that is in no log
 * @param end once a write is done, the position of the first record that is in no log
 * @param first the number of the first record that is in no log, or, while nothing is being written, a lower bound for
 *     it
 * @param place the log's length when these records began to be written, or, before that, a lower bound for it
 * @param owner the process that stages here
 * @param session tells sessions apart: the short SHA-256 of the session's name
 */
record TailHeader(
        char state, long epoch, int from, int end, long first, long place, ProcessIdentity owner, String session) {

    static final int SIZE = 256;
    static final char FILLING = 'F';
    static final char WRITING = 'W';
    static final char DONE = 'D';

    private static final Pattern PATTERN = Pattern.compile(
            "([FWD]) epoch=(\\d{10}) from=(\\d{6}) end=(\\d{6}) first=(\\d{19})"
                    + " place=(\\d{19}) pid=(\\d{10}) started=(\\d{13}) namespace=(\\d{10}) boot=(\\S{36}) session=(\\S{32}) *\n");

    private static final int STATE = 0;
    private static final int EPOCH = 8;
    private static final int FROM = 24;
    private static final int END = 35;
    private static final int FIRST = 48;
    private static final int PLACE = 74;

    /** The header of a new tail of this process. */
    static TailHeader ofThisProcess(String session, long first, long place) {
        return new TailHeader(FILLING, 0, SIZE, SIZE, first, place, ProcessIdentity.current(), session);
    }

    /** Parses a header; null if the bytes do not begin with one. */
    static @Nullable TailHeader parse(byte[] tail) {
        if (tail.length < SIZE) {
            return null;
        }
        Matcher matcher = PATTERN.matcher(new String(tail, 0, SIZE, StandardCharsets.ISO_8859_1));
        if (!matcher.matches()) {
            return null;
        }
        try {
            TailHeader header = new TailHeader(
                    matcher.group(1).charAt(0),
                    Long.parseLong(matcher.group(2)),
                    Integer.parseInt(matcher.group(3)),
                    Integer.parseInt(matcher.group(4)),
                    number(matcher.group(5)),
                    number(matcher.group(6)),
                    new ProcessIdentity(
                            Long.parseLong(matcher.group(7)),
                            Long.parseLong(matcher.group(8)),
                            Long.parseLong(matcher.group(9)),
                            matcher.group(10)),
                    matcher.group(11));
            return header.isSound(tail.length) ? header : null;
        } catch (NumberFormatException tooLarge) {
            return null;
        }
    }

    /** A number too large for a record or a position must not cost us the records. */
    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException tooLarge) {
            return Long.MAX_VALUE;
        }
    }

    private boolean isSound(int length) {
        return unwritten() >= SIZE && unwritten() <= length;
    }

    /** The whole first line. */
    byte[] toBytes() {
        String fields = String.format(
                Locale.ROOT,
                "%c epoch=%010d from=%06d end=%06d first=%019d place=%019d"
                        + " pid=%010d started=%013d namespace=%010d boot=%36s session=%32s",
                state,
                epoch,
                from,
                end,
                first,
                place,
                owner.pid(),
                owner.started(),
                owner.namespace(),
                owner.boot(),
                session);
        return String.format(Locale.ROOT, "%-" + (SIZE - 1) + "s\n", fields).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The header after another process has taken the tail over. */
    TailHeader takenOver(char state, int from, long first, long place) {
        return new TailHeader(state, epoch + 1, from, from, first, place, owner, session);
    }

    /** Where the records that may be in no log begin. */
    int unwritten() {
        return state == DONE ? end : from;
    }

    static void putState(ByteBuffer tail, char state) {
        tail.put(STATE, (byte) state);
    }

    static char state(ByteBuffer tail) {
        return (char) tail.get(STATE);
    }

    static boolean isState(char state) {
        return state == FILLING || state == WRITING || state == DONE;
    }

    static void putEpoch(ByteBuffer tail, long epoch) {
        putDigits(tail, EPOCH, 10, epoch);
    }

    static long epoch(ByteBuffer tail) {
        return digits(tail, EPOCH, 10);
    }

    static void putFrom(ByteBuffer tail, int from) {
        putDigits(tail, FROM, 6, from);
    }

    static int from(ByteBuffer tail) {
        return (int) digits(tail, FROM, 6);
    }

    static void putEnd(ByteBuffer tail, int end) {
        putDigits(tail, END, 6, end);
    }

    static int end(ByteBuffer tail) {
        return (int) digits(tail, END, 6);
    }

    static void putFirst(ByteBuffer tail, long first) {
        putDigits(tail, FIRST, 19, first);
    }

    static long first(ByteBuffer tail) {
        return digits(tail, FIRST, 19);
    }

    static long place(ByteBuffer tail) {
        return digits(tail, PLACE, 19);
    }

    static void putPlace(ByteBuffer tail, long place) {
        putDigits(tail, PLACE, 19, place);
    }

    private static void putDigits(ByteBuffer tail, int position, int width, long value) {
        long rest = value;
        for (int i = position + width - 1; i >= position; i--) {
            tail.put(i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }

    private static long digits(ByteBuffer tail, int position, int width) {
        long value = 0;
        for (int i = position; i < position + width; i++) {
            value = 10 * value + tail.get(i) - '0';
        }
        return value;
    }
}
