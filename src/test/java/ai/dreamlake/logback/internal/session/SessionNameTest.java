package ai.dreamlake.logback.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.dreamlake.logback.internal.journal.SessionDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionNameTest {

    private static final Path ROOT = Path.of("root").toAbsolutePath();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "my-experiment",
                "a/b/c",
                "run 5 (lr=0.1)",
                "größe",
                "\ud83d\ude00",
                "logs",
                "a..b",
                "x.",
                "~",
                "a~b",
                "2025-10-29T10:30"
            })
    void goodNamesStayAsTheyAre(String session) {
        SessionName name = SessionName.of("project", session);
        assertThat(name).isEqualTo(new SessionName("project", session)).isEqualTo(SessionName.safe("project", session));
        assertThat(SessionDirectory.of(ROOT, name).path())
                .isEqualTo(ROOT.resolve("project").resolve(session));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ../x        | session segment ".." begins with a dot
            a/../../x   | session segment ".." begins with a dot
            .           | session segment "." begins with a dot
            .hidden     | session segment ".hidden" begins with a dot
            a//b        | session is blank, or has a blank segment
            /a          | session is blank, or has a blank segment
            a/          | session is blank, or has a blank segment
            a\\b         | session segment "a\\b" has a character that no name may have: U+005C
            a/logs      | session "a/logs" has a segment "logs", which Dreamlake reserves inside a session
            a/logs/logs.jsonl | session "a/logs/logs.jsonl" has a segment "logs", which Dreamlake reserves inside a session
            a/session.json | session "a/session.json" has a segment "session.json", which Dreamlake reserves inside a session
            a/.session.lock | session segment ".session.lock" begins with a dot
            x~0123456789abcdef0123456789abcdef | session segment "x~0123456789abcdef0123456789abcdef" ends with ~ and 32 hex digits, as only replaced names do
            """)
    void badNamesFromCodeAreRefusedWithTheRule(String session, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SessionName.of("project", session))
                .withMessage(message);
    }

    @Test
    void charactersThatCannotBeShownAreNamedByNumber() {
        assertThat(fault("a\nb")).isEqualTo("session segment \"a?b\" has a character that no name may have: U+000A");
        assertThat(fault("a\u0000")).endsWith("U+0000");
        assertThat(fault("a\u0085")).endsWith("U+0085");
        assertThat(fault("a\u2028")).endsWith("U+2028");
        assertThat(fault("a\ud800")).endsWith("U+D800");
        assertThat(fault("a\udc00b")).endsWith("U+DC00");
    }

    private static String fault(String session) {
        return SessionName.faultOfSession(session);
    }

    @Test
    void missingAndBlankNamesAreRefused() {
        assertThat(fault(null)).isEqualTo("session is null");
        assertThat(fault("")).isEqualTo("session is blank, or has a blank segment");
        assertThat(fault(" ")).isEqualTo("session is blank, or has a blank segment");
        assertThat(SessionName.faultOfWorkspace(null)).isEqualTo("workspace is null");
        assertThat(SessionName.faultOfWorkspace("a/b"))
                .isEqualTo("workspace \"a/b\" has a slash: only session names nest");
    }

    @Test
    void lengthsAreCountedInBytes() {
        assertThat(fault("x".repeat(255))).isNull();
        assertThat(fault("x".repeat(256))).startsWith("session has a segment of more than 255 bytes: \"xxx");
        assertThat(fault("€".repeat(85))).isNull();
        assertThat(fault("€".repeat(86))).startsWith("session has a segment of more than 255 bytes");
        assertThat(fault(("x".repeat(200) + "/").repeat(6) + "x")).startsWith("session takes more than 1024 bytes");
    }

    @Test
    void namesThatWindowsRefusesOrShortensAreRefusedThere() {
        for (String name : List.of("a:b", "a*", "what?", "\"", "<a>", "a|b", "a.", "a ", "con", "NUL.txt", "lpt1")) {
            assertThat(SessionName.faultOfSegment("session", name, true)).endsWith("on Windows");
            assertThat(SessionName.faultOfSegment("session", name, false)).isNull();
        }
        assertThat(SessionName.faultOfSegment("session", "console", true)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../etc/passwd",
                "/etc/passwd",
                "..",
                ".",
                "",
                "a/../b",
                "a\u0000b",
                "\ud800",
                "a//b",
                "C:\\x",
                "a/logs/logs.jsonl",
                "..\\..\\x",
                "~",
                "."
            })
    void badNamesFromOutsideStayInsideTheRoot(String bad) {
        for (SessionName name :
                List.of(SessionName.safe(bad, bad), SessionName.safe("p", bad), SessionName.safe(bad, "s"))) {
            Path directory = SessionDirectory.of(ROOT, name).path();
            assertThat(directory.normalize()).isEqualTo(directory).startsWithRaw(ROOT);
            assertThat(directory.getNameCount()).isGreaterThanOrEqualTo(ROOT.getNameCount() + 2);
        }
    }

    @Test
    void aBadNameKeepsAReadablePart() {
        assertThat(SessionName.safe("p", "../../etc/passwd").session()).matches("__.._etc_passwd~[0-9a-f]{32}");
        assertThat(SessionName.safe("p", "x".repeat(5000)).session()).matches("x{64}~[0-9a-f]{32}");
        assertThat(SessionName.safe("a/b", "s").workspace()).matches("a_b~[0-9a-f]{32}");
    }

    @Test
    void noTwoNamesShareASafeFormAndASafeFormIsNoValidName() {
        Random random = new Random(3);
        String alphabet = "ab./\\\u0000\ud800\udc00_~";
        Set<String> names = new HashSet<>();
        Set<String> safe = new HashSet<>();
        for (int i = 0; i < 100_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int length = random.nextInt(8); length > 0; length--) {
                name.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            if (names.add(name.toString())) {
                String made = SessionName.safe("p", name.toString()).session();
                assertThat(safe.add(made)).as("%s is new for %s", made, name).isTrue();
                // A name that was made safe, coming back as a name, is another name.
                assertThat(made.equals(name.toString())
                                || !SessionName.safe("p", made).session().equals(made))
                        .isTrue();
                assertThat(made.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(255);
            }
        }
    }
}
