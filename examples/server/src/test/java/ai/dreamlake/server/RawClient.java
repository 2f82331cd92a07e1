package ai.dreamlake.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A connection to a server on loopback, over which a test sends anything, as slowly as it likes. */
final class RawClient implements AutoCloseable {

    private final Socket socket;
    private final InputStream in;

    RawClient(int port) throws IOException {
        this(port, InetAddress.getLoopbackAddress());
    }

    /** @param from its own address, one of the loopback addresses */
    RawClient(int port, InetAddress from) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port, from, 0);
        in = new BufferedInputStream(socket.getInputStream());
    }

    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Sends the head of a request; its body may follow later. */
    RawClient sendHead(String requestLine, String token, int bodyLength, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(requestLine + " HTTP/1.1\r\nHost: localhost\r\n");
        if (token != null) {
            head.append("Authorization: Bearer ").append(token).append("\r\n");
        }
        if (bodyLength > 0) {
            head.append("Content-Length: ").append(bodyLength).append("\r\n");
        }
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return send(head + "\r\n");
    }

    /** One line without its end; the partial line if the connection ends before. */
    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** An answer: its head, and as much of its body as the head announces. */
    String readAnswer() throws IOException {
        StringBuilder answer = new StringBuilder();
        int length = 0;
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            answer.append(line).append('\n');
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(15).strip());
            }
        }
        byte[] body = in.readNBytes(length);
        return answer + "\n" + new String(body, StandardCharsets.UTF_8);
    }

    /** Waits until the server ends the connection. Anything that the server still sends is discarded. */
    void awaitEnd() {
        try {
            while (in.read() >= 0) {
                // Discards it.
            }
        } catch (IOException reset) {
            // A reset is also an end.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
