package ai.dreamlake.server.http;

import ai.dreamlake.server.store.StoredRecord;
import java.io.IOException;
import java.io.Writer;
import java.util.Iterator;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.SerializableString;
import tools.jackson.core.io.CharacterEscapes;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.MinimalPrettyPrinter;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Records in the format of Dreamlake's own files, one per line:
 *
 * <pre>
 *   {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "Epoch done", "metadata": {"train_loss": 0.5}, "sequenceNumber": 1}
 * </pre>
 */
final class JsonLines {

    private static final ObjectWriter WRITER = JsonMapper.builder(
                    JsonFactory.builder().characterEscapes(new LineEnds()).build())
            .build()
            .writer()
            .with(new Spaced());

    private JsonLines() {}

    static void write(Iterator<StoredRecord> records, Writer out) throws IOException {
        while (records.hasNext()) {
            StoredRecord record = records.next();
            ObjectNode line = JsonNodeFactory.instance.objectNode();
            line.put("timestamp", RecordJson.time(record.timestamp()));
            line.put("level", record.level().text());
            line.put("message", record.message());
            line.set("metadata", record.metadata()); // null becomes JSON's null
            line.put("sequenceNumber", record.number());
            out.write(WRITER.writeValueAsString(line));
            out.write('\n');
        }
    }

    /** Writes a space after each colon and comma, because people search for {@code "level": "error"}. */
    private static final class Spaced extends MinimalPrettyPrinter {

        private static final long serialVersionUID = 1;

        @Override
        public void writeObjectNameValueSeparator(JsonGenerator json) {
            json.writeRaw(": ");
        }

        @Override
        public void writeObjectEntrySeparator(JsonGenerator json) {
            json.writeRaw(", ");
        }

        @Override
        public void writeArrayValueSeparator(JsonGenerator json) {
            json.writeRaw(", ");
        }
    }

    /**
     * Escapes what JSON requires, and also the characters at which some readers end a line. The hex digits are lower
     * case, as Dreamlake writes them.
     */
    private static final class LineEnds extends CharacterEscapes {

        private static final long serialVersionUID = 1;
        private static final char DELETE = 0x7F;
        private static final char NEXT_LINE = 0x85;
        private static final char LINE_SEPARATOR = 0x2028;
        private static final char PARAGRAPH_SEPARATOR = 0x2029;

        private static final int[] ASCII = ascii();

        private static int[] ascii() {
            int[] escapes = standardAsciiEscapesForJSON();
            escapes[DELETE] = ESCAPE_STANDARD;
            for (int i = 0; i < escapes.length; i++) {
                escapes[i] = escapes[i] == ESCAPE_STANDARD ? ESCAPE_CUSTOM : escapes[i];
            }
            return escapes;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ASCII;
        }

        @Override
        public SerializableString getEscapeSequence(int character) {
            boolean isEscaped = character <= DELETE
                    || character == NEXT_LINE
                    || character == LINE_SEPARATOR
                    || character == PARAGRAPH_SEPARATOR;
            return isEscaped ? new SerializedString(String.format("\\u%04x", character)) : null;
        }
    }
}
