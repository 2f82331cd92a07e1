package ai.dreamlake.logback.internal.io;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Distinguishes a process from a later one with the same id, from processes in other containers, and from those before
 * a restart of the system.
 *
 * @param pid its id, which is unique in its namespace
 * @param started when it started: on Linux in clock ticks since boot, which do not change when the clock is set;
 *     elsewhere in milliseconds since 1970; 0 if unknown
 * @param namespace the namespace of its id, which identifies its container; 0 if unknown or if the system has none
 * @param boot identifies the start of the system during which it ran; only dashes if unknown
 */
public record ProcessIdentity(long pid, long started, long namespace, String boot) {

    /** What {@link #life} finds. */
    public enum Life {
        ALIVE,
        ENDED,
        /** It belongs to another container, into which we cannot see. */
        UNKNOWN
    }

    public static final int BOOT_LENGTH = 36;

    private static final String UNKNOWN_BOOT = "-".repeat(BOOT_LENGTH);
    private static final Pattern NAMESPACE = Pattern.compile("pid:\\[(\\d{1,10})]");

    /**
     * In proc(5), the state is the 3rd field, the number of threads the 20th, and the start the 22nd. The 2nd one is in
     * parentheses, and may contain anything.
     */
    private static final Pattern STAT =
            Pattern.compile("(?s).*\\) (?<state>\\S) (?:\\S+ ){16}(?<threads>\\S+) \\S+ (?<start>\\d{1,18}) .*");

    private static final long OWN_NAMESPACE = ownNamespace();
    private static final String BOOT = bootId();
    private static final ProcessIdentity CURRENT = of(ProcessHandle.current().pid());

    /** This process. */
    public static ProcessIdentity current() {
        return CURRENT;
    }

    /** The identity of a process in our own namespace. */
    static ProcessIdentity of(long pid) {
        return new ProcessIdentity(pid, startOf(pid), OWN_NAMESPACE, BOOT);
    }

    /**
     * Compares field by field: the first call of a record's own {@code equals} leaves its class in a cache of JDK 17
     * (in {@code java.lang.runtime.ObjectMethods}), which keeps the class loader of an undeployed application alive.
     */
    public boolean isCurrent() {
        return pid == CURRENT.pid
                && started == CURRENT.started
                && namespace == CURRENT.namespace
                && boot.equals(CURRENT.boot);
    }

    /** Whether the system has not been restarted since the process started. */
    public boolean isOfThisBoot() {
        return boot.equals(BOOT);
    }

    /** Whether its id is in our own namespace, so that this process can look it up. */
    public boolean isOfThisNamespace() {
        return namespace == OWN_NAMESPACE;
    }

    /** Whether the process is alive, as far as this one can know. */
    public Life life() {
        if (!isOfThisBoot()) {
            return Life.ENDED;
        }
        if (!isOfThisNamespace()) {
            return Life.UNKNOWN;
        }
        return ProcessHandle.of(pid).isPresent() && startOf(pid) == started && !isZombie(pid) ? Life.ALIVE : Life.ENDED;
    }

    /**
     * Whether the process has ended, but its parent has not asked for its exit code. Some parents never do, for example
     * the first process of a container if it is not an init. If only the main thread has ended, the process is alive.
     */
    private static boolean isZombie(long pid) {
        try {
            Matcher fields = STAT.matcher(read("/proc/" + pid + "/stat"));
            return fields.matches() && "ZX".contains(fields.group("state")) && !isMany(fields.group("threads"));
        } catch (IOException notLinux) {
            return false;
        }
    }

    private static boolean isMany(String threads) {
        return !threads.equals("0") && !threads.equals("1");
    }

    private static long startOf(long pid) {
        try {
            Matcher fields = STAT.matcher(read("/proc/" + pid + "/stat"));
            return fields.matches() ? Long.parseLong(fields.group("start")) : 0;
        } catch (IOException notLinux) {
            return ProcessHandle.of(pid)
                    .flatMap(process -> process.info().startInstant())
                    .map(Instant::toEpochMilli)
                    .orElse(0L);
        }
    }

    private static long ownNamespace() {
        try {
            Matcher link = NAMESPACE.matcher(
                    Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString());
            return link.matches() ? Long.parseLong(link.group(1)) : 0;
        } catch (IOException | UnsupportedOperationException | SecurityException notLinux) {
            return 0;
        }
    }

    private static String bootId() {
        try {
            String id = read("/proc/sys/kernel/random/boot_id").strip();
            return id.length() == BOOT_LENGTH ? id : UNKNOWN_BOOT;
        } catch (IOException notLinux) {
            return UNKNOWN_BOOT;
        }
    }

    /** Not Files.readString, which fails on an interrupted thread. */
    private static String read(String file) throws IOException {
        try (InputStream in = new FileInputStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
