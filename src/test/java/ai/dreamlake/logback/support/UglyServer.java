package ai.dreamlake.logback.support;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What no well-behaved server does to its connections. */
public final class UglyServer implements AutoCloseable {

    /** What it does with a connection. */
    public enum Manner {
        /** The system takes no more connections: whoever connects waits. */
        NEVER_ACCEPTS,
        /** The system takes the connection; nobody ever reads. */
        NEVER_READS,
        /** One byte of an answer's header a second. */
        A_BYTE_A_SECOND,
        /** Reads a little, then resets. */
        RESETS,
        /** Answers with something that is not HTTP. */
        TALKS_NONSENSE,
        /** An error, and a text that goes on and on, as fast as it is taken. */
        NEVER_ENDS
    }

    private final ServerSocket socket;
    private final Thread accepting;
    private final List<Socket> open = new ArrayList<>();

    public UglyServer(Manner manner) throws IOException {
        boolean accepts = manner != Manner.NEVER_ACCEPTS;
        socket = new ServerSocket(0, accepts ? 50 : 1, InetAddress.getLoopbackAddress());
        if (!accepts) {
            fillUp();
        }
        accepting = new Thread(() -> serve(manner), "ugly-server");
        accepting.setDaemon(true);
        accepting.start();
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** Until a connection has to wait. */
    private void fillUp() throws IOException {
        while (true) {
            Socket connection = new Socket();
            open.add(connection);
            try {
                connection.connect(socket.getLocalSocketAddress(), 100);
            } catch (SocketTimeoutException full) {
                return;
            }
        }
    }

    private void serve(Manner manner) {
        while (manner != Manner.NEVER_ACCEPTS && !socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                synchronized (open) {
                    open.add(connection);
                }
                behave(connection, manner);
            } catch (IOException closedOrGone) {
                // The next one.
            }
        }
    }

    private static void behave(Socket connection, Manner manner) throws IOException {
        switch (manner) {
            case NEVER_ACCEPTS, NEVER_READS -> {
                // Nothing at all.
            }
            case A_BYTE_A_SECOND -> inBackground(() -> trickle(connection));
            case NEVER_ENDS -> inBackground(() -> talkOn(connection));
            case RESETS -> {
                connection.getInputStream().read();
                connection.setSoLinger(true, 0);
                connection.close();
            }
            case TALKS_NONSENSE -> {
                connection.getInputStream().read();
                connection
                        .getOutputStream()
                        .write("220 mail.example.com ESMTP\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                connection.shutdownOutput();
            }
        }
    }

    private interface Talk {
        void talk() throws IOException, InterruptedException;
    }

    private static void inBackground(Talk talk) {
        Thread thread = new Thread(() -> {
            try {
                talk.talk();
            } catch (IOException | InterruptedException gone) {
                // The client gave up, as it should.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void trickle(Socket connection) throws IOException, InterruptedException {
        OutputStream out = connection.getOutputStream();
        for (byte letter : "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) {
            out.write(letter);
            Thread.sleep(1000); // the server's slowness, not a test's
        }
    }

    private static void talkOn(Socket connection) throws IOException {
        connection.getInputStream().read();
        OutputStream out = connection.getOutputStream();
        out.write("HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] text = "on and on ".repeat(1000).getBytes(StandardCharsets.US_ASCII);
        while (true) {
            out.write(text);
        }
    }

    /** Returns when the port is free. */
    @Override
    public void close() throws IOException {
        socket.close();
        try {
            accepting.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        synchronized (open) {
            for (Socket connection : open) {
                connection.close();
            }
        }
    }
}
