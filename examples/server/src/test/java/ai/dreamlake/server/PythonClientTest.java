package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Requests of the Python SDK, byte for byte as httpx sends them. One record per call, no key. */
class PythonClientTest {

    @TempDir
    Path data;

    private static String request(String requestLine, int port, String token, String body) {
        return requestLine + "\r\n"
                + "Host: localhost:" + port + "\r\n"
                + "Accept: */*\r\n"
                + "Accept-Encoding: gzip, deflate\r\n"
                + "Connection: keep-alive\r\n"
                + "User-Agent: python-httpx/0.28.1\r\n"
                + "Authorization: Bearer " + token + "\r\n"
                + "Content-Length: " + body.length() + "\r\n"
                + "Content-Type: application/json\r\n"
                + "\r\n"
                + body;
    }

    /** Uses one connection, as a session of the SDK does. */
    private static String exchange(Socket connection, String request) throws IOException {
        connection.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\n") < 0) {
            answer.append((char) connection.getInputStream().read());
        }
        String header = answer.toString();
        int length = Integer.parseInt(header.replaceFirst("(?is).*content-length: (\\d+).*", "$1"));
        byte[] body = connection.getInputStream().readNBytes(length);
        return header + new String(body, StandardCharsets.UTF_8);
    }

    private static JsonNode json(String answer) {
        return TestServer.JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n")));
    }

    @Test
    void theClientThatPythonUsersHaveWorksUnchanged() throws IOException {
        try (TestServer server = new TestServer(data);
                Socket connection = new Socket(InetAddress.getByName("localhost"), server.server.port())) {
            int port = server.server.port();
            String token = TestServer.TOKENS.ofName("test-user", Instant.now());
            server.token = token;

            String session = exchange(
                    connection,
                    request(
                            "POST /workspaces/team:%20vision%20&%20more/sessions HTTP/1.1", // httpx encodes only the
                            // spaces
                            port,
                            token,
                            "{\"name\":\"baseline\",\"description\":\"B\\u00e4r\",\"tags\":[\"a\"],\"folder\":\"/exp\",\"metadata\":{\"lr\":0.001}}"));
            assertThat(session).startsWith("HTTP/1.1 201 ");
            assertThat(json(session).get("workspace").stringValue()).isEqualTo("team: vision & more");
            String id = json(session).get("session").get("id").stringValue();

            for (int i = 0; i < 3; i++) {
                String answer = exchange(
                        connection,
                        request(
                                "POST /sessions/" + id + "/logs HTTP/1.1",
                                port,
                                token,
                                "{\"logs\":[{\"timestamp\":\"2025-10-29T10:30:0" + i + (i == 0 ? "" : ".500000")
                                        + "Z\",\"level\":\"info\"," + "\"message\":\"Epoch " + i
                                        + " \\u2713\",\"metadata\":{\"train_loss\":0.5}}]}"));
                assertThat(answer).startsWith("HTTP/1.1 200 ");
                assertThat(json(answer).toString())
                        .isEqualTo("{\"created\":1,\"startSequence\":" + i + ",\"endSequence\":" + i
                                + ",\"sessionId\":\"" + id + "\"}");
            }
            assertThat(server.messages(id)).containsExactly("Epoch 0 ✓", "Epoch 1 ✓", "Epoch 2 ✓");
        }
    }

    /**
     * A client that encodes nothing at all. Spaces are impossible, because they would end the path in the request line.
     */
    @Test
    void aWorkspaceThatIsNotEncodedIsUnderstood() throws IOException {
        try (TestServer server = new TestServer(data);
                Socket connection = new Socket(InetAddress.getByName("localhost"), server.server.port())) {
            String answer = exchange(
                    connection,
                    request(
                            "POST /workspaces/team/vision:v2@home,x=1/sessions HTTP/1.1",
                            server.server.port(),
                            server.token,
                            "{\"name\": \"s\"}"));
            assertThat(json(answer).get("workspace").stringValue()).isEqualTo("team/vision:v2@home,x=1");
        }
    }
}
