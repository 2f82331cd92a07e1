package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.support.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFlockTest {

    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;

    /** A Python program that, for each line it reads, tries to take the lock or releases it. */
    private static final String PYTHON = """
            import fcntl, sys
            file = open(sys.argv[1], "a")
            for line in sys.stdin:
                if line == "release\\n":
                    fcntl.flock(file, fcntl.LOCK_UN)
                    print("released", flush=True)
                else:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        print("taken", flush=True)
                    except BlockingIOError:
                        print("refused", flush=True)
            """;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void createFile() throws IOException {
        file = Files.createFile(directory.resolve("lock"));
    }

    /** Prints whether the lock is available, and whether it works. */
    static final class Child {
        public static void main(String[] arguments) throws IOException {
            System.out.println(NativeFlock.isAvailable());
            if (NativeFlock.isAvailable()) {
                try (NativeFlock flock = NativeFlock.open(Path.of(arguments[0]))) {
                    System.out.println(flock.tryLock());
                }
            }
        }
    }

    private static boolean isLinux() {
        return System.getProperty("os.name").equals("Linux");
    }

    private static void assumeAvailable() {
        assumeThat(NativeFlock.isAvailable())
                .as("flock needs Linux, JDK 22 or later, and --enable-native-access=ALL-UNNAMED")
                .isTrue();
    }

    @Test
    void itIsAvailableWhereTheJdkSupportsItAndTheBuildEnablesIt() {
        boolean can = Runtime.version().feature() >= 22 && isLinux();
        assumeThat(can).as("JDK 22 or later, on Linux").isTrue();
        try (ChildJvm child = ChildJvm.start(Child.class, file)) {
            assertThat(child.remainingLines()).containsExactly("true", "true");
        }
    }

    /** Warnings go to standard error, which the output here includes. */
    @Test
    void whereNativeAccessIsNotEnabledItIsNotUsedAndTheJvmDoesNotWarn() throws Exception {
        List<String> shell = List.of("sh", "-c", "exec \"$@\" 2>&1", "sh");
        try (ChildJvm child = ChildJvm.startWithoutNativeAccess(shell, Child.class, file)) {
            assertThat(child.remainingLines()).containsExactly("false");
        }
    }

    @Test
    void twoDescriptorsExcludeEachOther() throws IOException {
        assumeAvailable();
        try (NativeFlock one = NativeFlock.open(file);
                NativeFlock other = NativeFlock.open(file)) {
            assertThat(one.tryLock()).isTrue();
            assertThat(one.tryLock()).as("once more").isTrue();
            assertThat(other.tryLock()).isFalse();
            one.unlock();
            assertThat(other.tryLock()).isTrue();
            assertThat(one.tryLock()).isFalse();
        }
    }

    @Test
    void closingReleasesItAndASecondTimeDoesNothing() throws IOException {
        assumeAvailable();
        NativeFlock one = NativeFlock.open(file);
        assertThat(one.tryLock()).isTrue();
        one.close();
        try (NativeFlock other = NativeFlock.open(file)) { // which probably gets the same descriptor number
            assertThat(other.tryLock()).isTrue();
            one.close();
            try (NativeFlock third = NativeFlock.open(file)) {
                assertThat(third.tryLock()).isFalse();
            }
        }
        assertThatThrownBy(one::tryLock).isInstanceOf(IOException.class).hasMessage("flock failed with errno 9");
        assertThatThrownBy(one::unlock).isInstanceOf(IOException.class);
    }

    @Test
    void pythonAndWeExcludeEachOther() throws Exception {
        assumeAvailable();
        assumeThat(hasPython()).as("there is a python3").isTrue();
        Process python = new ProcessBuilder("python3", "-c", PYTHON, file.toString())
                .redirectError(Redirect.INHERIT)
                .start();
        try (NativeFlock flock = NativeFlock.open(file);
                BufferedReader answers = python.inputReader()) {
            assertThat(ask(python, answers, "take")).isEqualTo("taken");
            assertThat(flock.tryLock()).isFalse();
            assertThat(ask(python, answers, "release")).isEqualTo("released");
            assertThat(flock.tryLock()).isTrue();
            assertThat(ask(python, answers, "take")).isEqualTo("refused");
            flock.unlock();
            assertThat(ask(python, answers, "take")).isEqualTo("taken");
        } finally {
            python.destroyForcibly();
        }
    }

    private static String ask(Process python, BufferedReader answers, String question) throws IOException {
        python.getOutputStream().write((question + "\n").getBytes());
        python.getOutputStream().flush();
        return answers.readLine();
    }

    private static boolean hasPython() {
        try {
            return new ProcessBuilder("python3", "-c", "import fcntl").start().waitFor() == 0;
        } catch (IOException | InterruptedException none) {
            return false;
        }
    }

    /** This is why two locks are necessary. */
    @Test
    void itIsADifferentLockFromJavas() throws IOException {
        assumeAvailable();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock();
                NativeFlock flock = NativeFlock.open(file)) {
            assertThat(lock).isNotNull();
            assertThat(flock.tryLock()).isTrue();
        }
    }

    @Test
    void anInterruptedThreadTakesItAndStaysInterrupted() throws IOException {
        assumeAvailable();
        Thread.currentThread().interrupt();
        try (NativeFlock flock = NativeFlock.open(file)) {
            assertThat(flock.tryLock()).isTrue();
            flock.unlock();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void childProcessesDoNotInheritTheDescriptor() throws IOException {
        assumeAvailable();
        try (NativeFlock flock = NativeFlock.open(file);
                Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            List<Path> ours = descriptors.filter(this::isOurs).toList();
            assertThat(ours).hasSize(1);
            Path about = Path.of("/proc/self/fdinfo").resolve(ours.get(0).getFileName());
            String flags = Files.readAllLines(about).stream()
                    .filter(line -> line.startsWith("flags:"))
                    .map(line -> line.substring(6).strip())
                    .findFirst()
                    .orElseThrow();
            assertThat(Integer.parseInt(flags, 8) & (O_CLOEXEC | O_NONBLOCK)).isEqualTo(O_CLOEXEC | O_NONBLOCK);
            flock.unlock();
        }
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(descriptors.filter(this::isOurs)).isEmpty();
        }
    }

    private boolean isOurs(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).equals(file.toRealPath());
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    @Test
    void whatIsNotARegularFileIsRefusedAndBlocksNobody() throws Exception {
        assumeAvailable();
        assertThatThrownBy(() -> NativeFlock.open(directory.resolve("missing")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("errno 2");
        assertThatThrownBy(() -> NativeFlock.open(directory)).isInstanceOf(IOException.class);
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThatThrownBy(() -> NativeFlock.open(link)).isInstanceOf(IOException.class);
        Path fifo = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> NativeFlock.open(fifo)).isInstanceOf(IOException.class);
    }

    @Test
    void aFileWithANonAsciiNameIsFound() throws IOException {
        assumeAvailable();
        assumeThat(System.getProperty("sun.jnu.encoding")).isEqualTo("UTF-8");
        try (NativeFlock flock = NativeFlock.open(Files.createFile(directory.resolve("größe")))) {
            assertThat(flock.tryLock()).isTrue();
        }
    }
}
