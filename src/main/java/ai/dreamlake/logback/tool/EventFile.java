package ai.dreamlake.logback.tool;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Writes an event file of TensorBoard that contains only scalars.
 *
 * <p>The file is a sequence of TFRecords, with numbers in little-endian order:
 *
 * <pre>
 *   8 bytes   length of the data
 *   4 bytes   masked CRC-32C of the length
 *   n bytes   data: an Event
 *   4 bytes   masked CRC-32C of the data
 * </pre>
 *
 * <p>An Event is a message of protocol buffers. We write these of its fields; the first Event has only the version:
 *
 * <pre>
 *   1  double   wall_time, in seconds since 1970
 *   2  int64    step
 *   3  string   file_version: "brain.Event:2"
 *   5  message  summary: 1 message value: 1 string tag, 2 float simple_value
 * </pre>
 *
 * <p>A value is a float, so it is rounded to about seven digits.
 */
final class EventFile implements Closeable {

    private static final String VERSION = "brain.Event:2";

    /** TensorFlow masks checksums, since a checksum of data that contains checksums is weak. */
    private static final int MASK_DELTA = 0xa282ead8;

    // Wire types of protocol buffers, in the lowest three bits of a field's key.
    private static final int VARINT = 0;
    private static final int EIGHT_BYTES = 1;
    private static final int BYTES = 2;
    private static final int FOUR_BYTES = 5;

    private final OutputStream out;

    private boolean begun;

    EventFile(OutputStream out) {
        this.out = out;
    }

    /** Adds one point of a series. */
    void scalar(String tag, long step, double wallTime, double number) throws IOException {
        begin(wallTime);
        Message value = new Message();
        value.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
        value.fourBytes(2, Float.floatToIntBits((float) number));
        Message summary = new Message();
        summary.bytes(1, value.toByteArray());
        Message event = new Message();
        event.eightBytes(1, Double.doubleToLongBits(wallTime));
        event.varint(2, step);
        event.bytes(5, summary.toByteArray());
        write(event.toByteArray());
    }

    private void begin(double wallTime) throws IOException {
        if (!begun) {
            begun = true;
            Message version = new Message();
            version.eightBytes(1, Double.doubleToLongBits(wallTime));
            version.bytes(3, VERSION.getBytes(StandardCharsets.UTF_8));
            write(version.toByteArray());
        }
    }

    private void write(byte[] data) throws IOException {
        byte[] length = littleEndian(8).putLong(data.length).array();
        out.write(length);
        out.write(maskedChecksum(length));
        out.write(data);
        out.write(maskedChecksum(data));
    }

    private static byte[] maskedChecksum(byte[] data) {
        CRC32C checksum = new CRC32C();
        checksum.update(data);
        int masked = Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
        return littleEndian(4).putInt(masked).array();
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Writes the version even if there are no points. */
    @Override
    public void close() throws IOException {
        begin(0);
        out.close();
    }

    /** A message of protocol buffers. */
    private static final class Message extends ByteArrayOutputStream {

        void varint(int field, long value) {
            key(field, VARINT);
            varint(value);
        }

        void eightBytes(int field, long value) {
            key(field, EIGHT_BYTES);
            writeBytes(littleEndian(8).putLong(value).array());
        }

        void fourBytes(int field, int value) {
            key(field, FOUR_BYTES);
            writeBytes(littleEndian(4).putInt(value).array());
        }

        void bytes(int field, byte[] value) {
            key(field, BYTES);
            varint(value.length);
            writeBytes(value);
        }

        private void key(int field, int wireType) {
            varint(field << 3 | wireType);
        }

        /** Writes seven bits a byte, the lowest first. The highest bit of a byte says that more follow. */
        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                write((int) (rest & 0x7F | 0x80));
                rest >>>= 7;
            }
            write((int) rest);
        }
    }
}
