package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.server.TestServer.Reply;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Files of a run: each call, and invalid requests. */
class FileTest {

    private static final int LIMIT = 3 * 1024 * 1024;
    private static final String BOUNDARY = "b6e2f8d1c4a7";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    static Path data;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = new TestServer(data, Map.of("FILE_LIMIT", Integer.toString(LIMIT)));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A request's body, built part by part. */
    private static final class Form {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private Form part(String disposition, byte[] content) {
            bytes.writeBytes(("--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            bytes.writeBytes(content);
            bytes.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
            return this;
        }

        Form field(String name, String value) {
            return part("name=\"" + name + "\"", value.getBytes(StandardCharsets.UTF_8));
        }

        Form file(String name, String contentType, byte[] content) {
            return part("name=\"file\"; filename=\"" + name + "\"\r\nContent-Type: " + contentType, content);
        }

        byte[] end() {
            bytes.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
            return bytes.toByteArray();
        }
    }

    private static Reply upload(TestServer to, String session, BodyPublisher body) {
        return to.send(
                HttpRequest.newBuilder().POST(body),
                "/sessions/" + session + "/files",
                "Content-Type",
                "multipart/form-data; boundary=" + BOUNDARY);
    }

    private static Reply upload(String session, Form form) {
        return upload(server, session, BodyPublishers.ofByteArray(form.end()));
    }

    private static Form file(String name, byte[] content) {
        return new Form().file(name, "application/octet-stream", content);
    }

    private static String id(Reply reply) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(201);
        return reply.json().get("id").stringValue();
    }

    private static HttpResponse<byte[]> download(String session, String file) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(server.url + "/sessions/" + session + "/files/" + file + "/download"))
                .header("Authorization", "Bearer " + server.token)
                .header("Accept-Encoding", "gzip")
                .build();
        return CLIENT.send(request, BodyHandlers.ofByteArray());
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void aFileIsStoredWithItsDescription() throws Exception {
        String session = server.session("w", "files");
        byte[] bytes = random(100_000);
        Reply reply = upload(
                session,
                new Form()
                        .field("prefix", "/mödels")
                        .field("checksum", sha256(bytes))
                        .field("sizeBytes", "100000")
                        .field("description", "the best öne")
                        .field("tags", "best, last,")
                        .field("metadata", "{\"epoch\": 2, \"a.b\": null}")
                        .file("my %22best%22 mödel.bin", "application/x-model", bytes));
        String file = id(reply);
        JsonNode json = reply.json();
        assertThat(json.get("sessionId").stringValue()).isEqualTo(session);
        assertThat(json.get("path").stringValue()).isEqualTo("/mödels");
        assertThat(json.get("filename").stringValue()).isEqualTo("my \"best\" mödel.bin");
        assertThat(json.get("description").stringValue()).isEqualTo("the best öne");
        assertThat(json.get("tags").toString()).isEqualTo("[\"best\",\"last\"]");
        assertThat(json.get("contentType").stringValue()).isEqualTo("application/x-model");
        assertThat(json.get("sizeBytes").intValue()).isEqualTo(100_000);
        assertThat(json.get("checksum").stringValue()).isEqualTo(sha256(bytes));
        assertThat(json.get("metadata").toString()).isEqualTo("{\"epoch\":2,\"a.b\":null}");
        assertThat(json.get("deletedAt").isNull()).isTrue();
        assertThat(server.get("/sessions/" + session + "/files/" + file).json()).isEqualTo(json);

        HttpResponse<byte[]> downloaded = download(session, file);
        assertThat(downloaded.statusCode()).isEqualTo(200);
        assertThat(downloaded.body()).isEqualTo(bytes);
    }

    /** Small files stay in memory, large ones do not; the last one is exactly as large as allowed. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2 * 1024 * 1024, LIMIT})
    void aFileOfAnySizeComesBackUnchanged(int size) throws Exception {
        String session = server.session("w", "sizes");
        byte[] bytes = random(size);
        String file =
                id(upload(session, new Form().field("checksum", sha256(bytes)).file("f", "a/b", bytes)));
        HttpResponse<byte[]> downloaded = download(session, file);
        assertThat(downloaded.body()).isEqualTo(bytes);
        assertThat(downloaded.headers().firstValueAsLong("Content-Length")).hasValue(size);
    }

    @Test
    void aFileWithoutADescriptionIsStored() throws Exception {
        String session = server.session("w", "plain");
        JsonNode json = upload(session, file("f.bin", new byte[] {1, 2})).json();
        assertThat(json.get("path").stringValue()).isEqualTo("/");
        assertThat(json.get("description").isNull()).isTrue();
        assertThat(json.get("tags")).isEmpty();
        assertThat(json.get("metadata").isNull()).isTrue();
        assertThat(json.get("checksum").stringValue()).isEqualTo(sha256(new byte[] {1, 2}));
    }

    @Test
    void anUploadedFileNeverRunsInABrowser() throws Exception {
        String session = server.session("w", "page");
        byte[] page = "<script>alert(1)</script>".getBytes(StandardCharsets.US_ASCII);
        String file = id(upload(session, new Form().file("päge 1%22.html", "text/html", page)));
        HttpResponse<byte[]> downloaded = download(session, file);
        assertThat(downloaded.headers().firstValue("Content-Type")).hasValue("application/octet-stream");
        assertThat(downloaded.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(downloaded.headers().firstValue("Content-Security-Policy")).hasValue("sandbox");
        assertThat(downloaded.headers().firstValue("Content-Encoding")).isEmpty();
        assertThat(downloaded.headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename*=UTF-8''p%C3%A4ge%201%22.html");
    }

    private static List<String> names(String session, String query) {
        return server.get("/sessions/" + session + "/files" + query)
                .json()
                .get("files")
                .valueStream()
                .map(file -> file.get("filename").stringValue())
                .toList();
    }

    @Test
    void filesAreListedByPathAndTag() {
        String session = server.session("w", "list");
        assertThat(names(session, "")).isEmpty();
        upload(session, file("1", new byte[1]).field("prefix", "/models").field("tags", "best,last"));
        upload(session, file("2", new byte[1]).field("prefix", "/models/old").field("tags", "last"));
        upload(session, file("3", new byte[1]).field("prefix", "/plots"));
        assertThat(names(session, "")).containsExactly("1", "2", "3");
        assertThat(names(session, "?prefix=%2Fmodels")).containsExactly("1", "2");
        assertThat(names(session, "?tags=best,unknown")).containsExactly("1");
        assertThat(names(session, "?tags=last&prefix=/models/old")).containsExactly("2");
        assertThat(names(session, "?tags=unknown")).isEmpty();
    }

    private static Reply change(String session, String file, String body) {
        return server.send(
                HttpRequest.newBuilder().method("PATCH", BodyPublishers.ofString(body)),
                "/sessions/" + session + "/files/" + file);
    }

    @Test
    void aFilesDescriptionCanBeChangedAndAbsentFieldsStay() {
        String session = server.session("w", "change");
        String file = id(upload(
                session,
                file("f", new byte[3])
                        .field("description", "old")
                        .field("tags", "a")
                        .field("metadata", "{\"k\": 1}")));
        assertThat(change(session, file, "{\"description\": \"new\"}").status()).isEqualTo(200);
        JsonNode json = change(session, file, "{\"tags\": [], \"metadata\": {\"k\": 2}}")
                .json();
        assertThat(json.get("description").stringValue()).isEqualTo("new");
        assertThat(json.get("tags")).isEmpty();
        assertThat(json.get("metadata").toString()).isEqualTo("{\"k\":2}");
        assertThat(json.get("sizeBytes").intValue()).isEqualTo(3);
        assertThat(server.get("/sessions/" + session + "/files/" + file).json()).isEqualTo(json);
        assertThat(change(session, file, "{\"tags\": 7}").error()).isEqualTo("tags: must be an array of strings");
    }

    private static Reply delete(String session, String file) {
        return server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + session + "/files/" + file);
    }

    @Test
    void aDeletedFileIsGone() throws Exception {
        String session = server.session("w", "delete");
        String file = id(upload(session, file("f", new byte[1])));
        Reply deleted = delete(session, file);
        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.json().get("id").stringValue()).isEqualTo(file);
        Instant.parse(deleted.json().get("deletedAt").stringValue());
        assertThat(server.get("/sessions/" + session + "/files/" + file).status())
                .isEqualTo(404);
        assertThat(download(session, file).statusCode()).isEqualTo(404);
        assertThat(change(session, file, "{}").status()).isEqualTo(404);
        assertThat(delete(session, file).status()).isEqualTo(404);
        assertThat(names(session, "")).isEmpty();
    }

    @Test
    void aFileOfAnotherSessionIsUnknown() throws Exception {
        String session = server.session("w", "one");
        String other = server.session("w", "other");
        String file = id(upload(session, file("f", new byte[1])));
        assertThat(server.get("/sessions/" + other + "/files/" + file).status()).isEqualTo(404);
        assertThat(download(other, file).statusCode()).isEqualTo(404);
        assertThat(delete(other, file).status()).isEqualTo(404);
        assertThat(names(session, "")).containsExactly("f");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "checksum | 0000 | checksum: is \"0000\", but that of the bytes that came is 4bf5122f344554c5",
                "sizeBytes | 2 | sizeBytes: is \"2\", but 1 bytes came",
                "metadata | {\"a\": | metadata: not JSON",
                "metadata | [] | metadata: must be an object",
                "prefix | ` ` | prefix: is empty",
            })
    void aBadFieldIsRefusedAndTheErrorNamesIt(String field, String value, String error) {
        String session = server.session("w", "bad fields");
        Reply reply = upload(session, file("f", new byte[] {1}).field(field, value));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith(error);
        assertThat(names(session, "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../f", "..", ".", "a/b", "a\\\\b", " ", "f\u0085"})
    void anInvalidFileNameIsRefused(String name) {
        String session = server.session("w", "bad names");
        Reply reply = upload(session, file(name, new byte[1]));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith("file: ");
        assertThat(names(session, "")).isEmpty();
    }

    @Test
    void aRequestWithoutAFileIsRefused() {
        String session = server.session("w", "no file");
        assertThat(upload(session, new Form().field("prefix", "/")).error()).isEqualTo("file: is missing");
        assertThat(upload(session, new Form().field("file", "text")).error()).isEqualTo("file: is missing");
        assertThat(server.post("/sessions/" + session + "/files", "{}").error())
                .isEqualTo("body: must be multipart/form-data");
        for (String boundary : new String[] {"", "; boundary=", "; boundary=\"\"", "; boundary= ; x=y"}) {
            Reply none = server.post(
                    "/sessions/" + session + "/files", "x", "Content-Type", "multipart/form-data" + boundary);
            assertThat(none.status()).as(boundary).isEqualTo(400);
        }
        Reply garbage = upload(server, session, BodyPublishers.ofString("no form"));
        assertThat(garbage.status()).isEqualTo(400);
        assertThat(garbage.error()).isEqualTo("body: is not multipart/form-data");
        byte[] whole = file("f", new byte[2 * 1024 * 1024]).end();
        Reply half = upload(server, session, BodyPublishers.ofByteArray(whole, 0, whole.length / 2));
        assertThat(half.status()).isEqualTo(400);
        assertThat(names(session, "")).isEmpty();
    }

    /** Also holds if the client does not announce the size. */
    @ParameterizedTest
    @ValueSource(ints = {LIMIT + 1, 10 * LIMIT})
    void aFileOverTheLimitIsTooLargeAndTheClientIsTold(int size) {
        String session = server.session("w", "too large");
        byte[] form = file("f", new byte[size]).end();
        Reply reply = upload(server, session, BodyPublishers.ofByteArray(form));
        assertThat(reply.status()).isEqualTo(413);
        assertThat(reply.error()).startsWith("file: larger than " + LIMIT + " bytes");
        Reply inChunks = upload(server, session, BodyPublishers.ofInputStream(() -> stream(form)));
        assertThat(inChunks.status()).isEqualTo(413);
        assertThat(names(session, "")).isEmpty();
    }

    /** Little is kept in memory, whatever the client sends. */
    @Test
    void tooManyOrTooLargeOtherFieldsAreRefused() {
        String session = server.session("w", "too much");
        Form many = file("f", new byte[1]);
        for (int i = 0; i < 20; i++) {
            many.field("field " + i, "x");
        }
        assertThat(upload(session, many).status()).isEqualTo(413);
        Reply large = upload(session, file("f", new byte[1]).field("description", "x".repeat(300_000)));
        assertThat(large.status()).isEqualTo(413);
        assertThat(large.error()).endsWith("or the other fields are too large");
        Reply file = upload(session, file("f", new byte[1]).part("name=\"prefix\"; filename=\"x\"", new byte[300_000]));
        assertThat(file.error()).isEqualTo("prefix: must be a text, not a file");
        assertThat(names(session, "")).isEmpty();
    }

    /** Behaves like a simple client: sends everything before it reads the answer, whatever the server says. */
    private static String answerAfterAllIsSent(TestServer to, String session, byte[] form) throws IOException {
        try (Socket connection = new Socket("localhost", to.server.port())) {
            OutputStream out = connection.getOutputStream();
            out.write(("POST /sessions/" + session + "/files HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            + "Authorization: Bearer " + to.token + "\r\nContent-Length: " + form.length + "\r\n"
                            + "Content-Type: multipart/form-data; boundary=" + BOUNDARY + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.write(form);
            return new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aClientThatSendsEverythingFirstIsToldWhyItsFileIsRefused() throws IOException {
        byte[] form = file("f", new byte[20 * 1024 * 1024]).end();
        assertThat(answerAfterAllIsSent(server, server.session("w", "all first"), form))
                .startsWith("HTTP/1.1 413 ")
                .contains("{\"error\":\"file: larger than ");
        assertThat(answerAfterAllIsSent(server, "nobody", form)).startsWith("HTTP/1.1 404 ");
    }

    private static InputStream stream(byte[] bytes) {
        return new ByteArrayInputStream(bytes);
    }

    /** An error text must not look like a part of the file. */
    @Test
    void aDownloadOfAFileDeletedMeanwhileEndsEarlyWithoutAnErrorTextInIt(@TempDir Path otherData) throws Exception {
        int size = 40 * 1024 * 1024; // more than fits into the buffers of a connection
        try (TestServer other = new TestServer(otherData);
                Socket connection = new Socket()) {
            String session = other.session("w", "s");
            byte[] form = file("f", new byte[size]).end();
            String file = id(upload(other, session, BodyPublishers.ofByteArray(form)));
            connection.setReceiveBufferSize(64 * 1024);
            connection.connect(new InetSocketAddress("localhost", other.server.port()));
            connection
                    .getOutputStream()
                    .write(("GET /sessions/" + session + "/files/" + file + "/download HTTP/1.1\r\nHost: localhost\r\n"
                                    + "Authorization: Bearer " + other.token + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = connection.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            assertThat(head).startsWith("HTTP/1.1 200 ").contains("Content-Length: " + size + "\r\n");
            other.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + session + "/files/" + file);

            ByteArrayOutputStream body = new ByteArrayOutputStream();
            try {
                in.transferTo(body);
            } catch (SocketException reset) {
                // A reset connection also ends the download early.
            }
            assertThat(body.size()).isLessThan(size);
            assertThat(body.toByteArray()).containsOnly(0);
            assertThat(other.get("/health").status()).isEqualTo(200);
        }
    }

    /** A real store, except that it cannot read files. */
    private static Store unreadable(Store real) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("readFile")) {
                        throw StoreException.unavailable(new IOException("cannot read"));
                    }
                    return method.invoke(real, arguments);
                });
    }

    @Test
    void aFileThatCannotBeReadIsAnErrorLikeAnyOther(@TempDir Path otherData) throws IOException {
        try (TestServer other = new TestServer(otherData, Map.of(), unreadable(new SqliteStore(otherData)))) {
            String session = other.session("w", "s");
            String file = id(upload(
                    other,
                    session,
                    BodyPublishers.ofByteArray(file("f", new byte[100]).end())));
            Reply reply = other.get("/sessions/" + session + "/files/" + file + "/download");
            assertThat(reply.status()).isEqualTo(503);
            assertThat(reply.error()).isEqualTo("the store does not answer");
        }
    }

    private static RawClient beginUpload(TestServer to, String session) throws IOException {
        return new RawClient(to.server.port())
                .sendHead(
                        "POST /sessions/" + session + "/files",
                        to.token,
                        1000,
                        "Content-Type: multipart/form-data; boundary=" + BOUNDARY)
                .send("--");
    }

    @Test
    void slowUploadsDoNotBlockOthers() throws IOException {
        String session = server.session("w", "slow");
        List<RawClient> clients = new ArrayList<>();
        String good = server.token;
        try {
            for (int i = 0; i < 300; i++) {
                clients.add(beginUpload(server, session));
            }
            server.token = TestServer.TOKENS.ofName("bob", Instant.now());
            String bobs = server.session("w", "bobs");
            id(upload(bobs, file("f", new byte[1])));
        } finally {
            server.token = good;
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void anUploadThatStallsIsAborted(@TempDir Path otherData) throws IOException {
        try (TestServer other = new TestServer(otherData, Map.of("REQUEST_TIMEOUT", "1"));
                RawClient client = beginUpload(other, other.session("w", "s"))) {
            assertThat(client.readAnswer())
                    .startsWith("HTTP/1.1 408 ")
                    .contains("\"error\":\"body: comes too slowly\"");
        }
    }

    /** The upload goes through a temporary file, of which nothing remains. */
    @Test
    void anUploadWithoutTemporarySpaceCanBeRetried(@TempDir Path otherData) throws IOException {
        Path temporary = Files.createDirectory(otherData.resolve("temporary"));
        Map<String, String> environment =
                Map.of("PORT", "0", "DATA_PATH", otherData.resolve("data").toString(), "FILE_LIMIT", "2000000");
        List<String> options = List.of("-Djava.io.tmpdir=" + temporary, "-Dorg.sqlite.tmpdir=" + otherData);
        try (Child child = Child.start(otherData, environment, options, DreamlakeServer.class.getName());
                RawClient client = new RawClient(child.port())) {
            String body = "{\"name\": \"s\"}";
            String answer = client.sendHead("POST /workspaces/w/sessions", server.token, body.length())
                    .send(body)
                    .readAnswer();
            String session = TestServer.JSON
                    .readTree(answer.substring(answer.indexOf("\n\n")))
                    .get("session")
                    .get("id")
                    .stringValue();
            byte[] large = new byte[1_000_000];
            assertThat(upload(client, session, file("f", large))).startsWith("HTTP/1.1 201 ");
            assertThat(upload(client, session, file("f", large).field("sizeBytes", "1")))
                    .startsWith("HTTP/1.1 400 ");
            await().until(() -> temporaryFiles(temporary).isEmpty());

            for (File left : temporary.toFile().listFiles()) {
                left.delete();
            }
            Files.delete(temporary);
            Files.createFile(temporary);
            assertThat(upload(client, session, file("f", large)))
                    .startsWith("HTTP/1.1 503 ")
                    .contains("the file cannot be stored now");
        }
    }

    private static String upload(RawClient to, String session, Form form) throws IOException {
        byte[] bytes = form.end();
        return to.sendHead(
                        "POST /sessions/" + session + "/files",
                        server.token,
                        bytes.length,
                        "Content-Type: multipart/form-data; boundary=" + BOUNDARY)
                .send(new String(bytes, StandardCharsets.US_ASCII))
                .readAnswer();
    }

    private static List<Path> temporaryFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("MultiPart"))
                    .toList();
        }
    }

    @Test
    void aServerThatKeepsNoFilesSaysSo(@TempDir Path otherData) throws IOException {
        try (TestServer none = new TestServer(otherData, Map.of("FILE_LIMIT", "0"))) {
            String session = none.session("w", "s");
            byte[] form = file("f", new byte[20 * 1024 * 1024]).end();
            assertThat(answerAfterAllIsSent(none, session, form))
                    .startsWith("HTTP/1.1 404 ")
                    .endsWith("{\"error\":\"this server keeps no files: its FILE_LIMIT is 0\"}");
            assertThat(none.get("/sessions/" + session + "/files").body()).isEqualTo("{\"files\":[]}");
        }
    }

    @Test
    void aSessionThatIsProtectedOrUnknownOrDeletedOrAnothersTakesNoFile() {
        String closed = server.session("w", "protected");
        String file = id(upload(closed, file("f", new byte[1])));
        server.post("/workspaces/w/sessions", "{\"name\": \"protected\", \"writeProtected\": true}");
        byte[] large = new byte[LIMIT];
        assertThat(Stream.of(upload(closed, file("f", large)), change(closed, file, "{}"), delete(closed, file)))
                .allSatisfy(reply -> assertThat(reply.status()).isEqualTo(403));
        assertThat(names(closed, "")).containsExactly("f");

        assertThat(upload("nobody", file("f", large)).status()).isEqualTo(404);
        String deleted = server.session("w", "deleted");
        String gone = id(upload(deleted, file("f", new byte[1])));
        server.send(HttpRequest.newBuilder().DELETE(), "/sessions/" + deleted);
        assertThat(upload(deleted, file("f", large)).status()).isEqualTo(410);
        assertThat(server.get("/sessions/" + deleted + "/files/" + gone).status())
                .isEqualTo(410);

        String good = server.token;
        server.token = TestServer.TOKENS.ofName("bob", Instant.now());
        try {
            assertThat(upload(closed, file("f", large)).status()).isEqualTo(404);
            assertThat(server.get("/sessions/" + closed + "/files/" + file + "/download")
                            .status())
                    .isEqualTo(404);
            server.token = null;
            assertThat(upload(closed, file("f", new byte[1])).status()).isEqualTo(401);
        } finally {
            server.token = good;
        }
    }
}
