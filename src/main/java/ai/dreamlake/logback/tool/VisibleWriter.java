package ai.dreamlake.logback.tool;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/** For output to a terminal: writes control characters as text, except for line feeds. */
final class VisibleWriter extends FilterWriter {

    VisibleWriter(Writer out) {
        super(out);
    }

    @Override
    public void write(int character) throws IOException {
        write(new char[] {(char) character}, 0, 1);
    }

    @Override
    public void write(char[] characters, int offset, int length) throws IOException {
        write(new String(characters, offset, length), 0, length);
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        String[] lines = text.substring(offset, offset + length).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            out.write(i == 0 ? "" : "\n");
            out.write(Printable.line(lines[i]));
        }
    }
}
