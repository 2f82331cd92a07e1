package ai.dreamlake.logback.support;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A proxy on loopback. Whatever host is asked for, it goes to one port of this machine, so a name that nobody knows is
 * reached through it alone.
 */
public final class TestProxy implements AutoCloseable {

    /** The first lines of requests that it let through. */
    public final List<String> passed = new CopyOnWriteArrayList<>();

    /** The first lines of requests that it answered with 407. */
    public final List<String> refused = new CopyOnWriteArrayList<>();

    private final ServerSocket socket;
    private final int target;
    private final String authorization;

    /** @param authorization what it demands as Proxy-Authorization; null if nothing */
    public TestProxy(int target, String authorization) throws IOException {
        this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.authorization = authorization;
        background(() -> {
            while (!socket.isClosed()) {
                Socket client = socket.accept();
                background(() -> serve(client));
            }
        });
    }

    public int port() {
        return socket.getLocalPort();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void background(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException ended) {
                        // One of both sides has gone.
                    }
                },
                "test-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Socket client) throws IOException {
        try (client;
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
            List<String> head = head(client.getInputStream());
            String first = head.get(0);
            if (authorization != null && !authorization.equals(value(head, "proxy-authorization"))) {
                client.getInputStream().readNBytes(length(head));
                refused.add(first);
                write(
                        client.getOutputStream(),
                        "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n"
                                + "Connection: close\r\n\r\n");
                return;
            }
            passed.add(first);
            if (first.startsWith("CONNECT ")) {
                write(client.getOutputStream(), "HTTP/1.1 200 OK\r\n\r\n");
                background(() -> client.getInputStream().transferTo(server.getOutputStream()));
                server.getInputStream().transferTo(client.getOutputStream());
            } else {
                forward(head, client.getInputStream(), server.getOutputStream(), true);
                forward(head(server.getInputStream()), server.getInputStream(), client.getOutputStream(), false);
            }
        }
    }

    /** One message, after which the connection ends. */
    private static void forward(List<String> head, InputStream from, OutputStream to, boolean isRequest)
            throws IOException {
        byte[] body = from.readNBytes(length(head));
        StringBuilder sent = new StringBuilder();
        sent.append(isRequest ? head.get(0).replaceFirst("http://[^/]*", "") : head.get(0));
        for (String line : head.subList(1, head.size())) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (!lower.startsWith("proxy-authorization:") && !lower.startsWith("connection:")) {
                sent.append("\r\n").append(line);
            }
        }
        write(to, sent + "\r\nConnection: close\r\n\r\n");
        to.write(body);
        to.flush();
    }

    private static List<String> head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int read = in.read();
            if (read < 0) {
                throw new IOException("no head");
            }
            head.write(read);
        }
        return List.of(head.toString(StandardCharsets.ISO_8859_1).strip().split("\r\n"));
    }

    private static String value(List<String> head, String name) {
        return head.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse(null);
    }

    private static int length(List<String> head) {
        String length = value(head, "content-length");
        return length == null ? 0 : Integer.parseInt(length);
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
