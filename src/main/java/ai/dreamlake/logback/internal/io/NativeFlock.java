package ai.dreamlake.logback.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The lock of {@code flock(2)} on a file. On Linux, Java's own locks neither see nor exclude it. It belongs to a
 * descriptor, so two descriptors exclude each other even within one process. It ends with the process, even after a
 * kill.
 *
 * <p>The C library is called through the foreign-function API: on Linux, with JDK 22 or later, and only where native
 * access is enabled ({@code --enable-native-access=ALL-UNNAMED}, or our module's name), since otherwise the JVM prints
 * warnings or refuses. The API is used by reflection, since this library is compiled for Java 17.
 *
 * <p>Closing it drops the process's {@code fcntl} locks on the file, as closing any descriptor does. So a holder of
 * such a lock must close both together. On network file systems the two kinds may exclude each other even within one
 * process, so take only one of them there. Not synchronized.
 */
public final class NativeFlock implements Closeable {

    // The values on Linux, for amd64 and aarch64.
    private static final String ARCHITECTURE = System.getProperty("os.arch");
    private static final int O_WRONLY = 1;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final int O_NOFOLLOW = "aarch64".equals(ARCHITECTURE) ? 0x8000 : 0x20000;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int LOCK_UN = 8;
    private static final int EBADF = 9;
    private static final int ENFILE = 23;
    private static final int EMFILE = 24;
    private static final int EWOULDBLOCK = 11;

    private static final int NO_DESCRIPTOR = -1;

    /** Null where the C library cannot be called. */
    private static final @Nullable Functions FUNCTIONS = Linker.linkIfPossible();

    private final Functions functions;

    /** The memory where calls store their errno. */
    private final Object errno;

    private int descriptor;

    private NativeFlock(Functions functions, Object errno, int descriptor) {
        this.functions = functions;
        this.errno = errno;
        this.descriptor = descriptor;
    }

    /** Whether this JVM can take such locks. If it can, the first call takes a few tenths of a second. */
    public static boolean isAvailable() {
        return FUNCTIONS != null;
    }

    /**
     * Opens a file without taking the lock. Child processes do not inherit the descriptor.
     *
     * @param file must exist and must not be a link
     * @throws IOException also if {@link #isAvailable} is false
     */
    public static NativeFlock open(Path file) throws IOException {
        if (FUNCTIONS == null) {
            throw new IOException("flock cannot be called in this JVM");
        }
        Object errno = FUNCTIONS.newErrno();
        int descriptor = FUNCTIONS.open(errno, file, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        if (descriptor < 0) {
            int reason = FUNCTIONS.errno(errno);
            throw new IOException(
                    reason == EMFILE || reason == ENFILE
                            ? file + ": Too many open files"
                            : "opening " + file + " failed with errno " + reason);
        }
        return new NativeFlock(FUNCTIONS, errno, descriptor);
    }

    /**
     * Takes the lock, without waiting.
     *
     * @return false if another descriptor holds it
     * @throws IOException if the file system has no such locks
     */
    public boolean tryLock() throws IOException {
        if (functions.flock(errno, descriptor, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        int reason = functions.errno(errno);
        if (reason == EWOULDBLOCK) {
            return false;
        }
        throw new IOException("flock failed with errno " + reason);
    }

    /** Releases the lock, if it is held. */
    public void unlock() throws IOException {
        if (functions.flock(errno, descriptor, LOCK_UN) != 0) {
            throw new IOException("flock failed with errno " + functions.errno(errno));
        }
    }

    /**
     * Releases the lock, if it is held. A second call does nothing. Call {@link StackHeadroom#require} first: after a
     * stack overflow in here, the file may stay locked until the process ends.
     */
    @Override
    public void close() {
        int closing = descriptor;
        descriptor = NO_DESCRIPTOR;
        if (closing != NO_DESCRIPTOR) {
            functions.close(errno, closing); // whatever it returns, the descriptor is closed
        }
    }

    /** Functions of the C library. Memory segments are typed as Object, since Java 17 lacks their type. */
    private record Functions(
            MethodHandle open, MethodHandle flock, MethodHandle close, MethodHandle getErrno, Memory memory) {

        Object newErrno() throws IOException {
            return memory.newInt();
        }

        int errno(Object errno) {
            try {
                return (int) getErrno.invokeExact(errno);
            } catch (Throwable failed) {
                throw unchecked(failed);
            }
        }

        int open(Object errno, Path file, int flags) throws IOException {
            Object path = memory.newText(file.toString());
            try {
                return (int) open.invokeExact(errno, path, flags);
            } catch (Throwable failed) {
                throw unchecked(failed);
            }
        }

        int flock(Object errno, int descriptor, int operation) {
            try {
                return (int) flock.invokeExact(errno, descriptor, operation);
            } catch (Throwable failed) {
                throw unchecked(failed);
            }
        }

        int close(Object errno, int descriptor) {
            try {
                return (int) close.invokeExact(errno, descriptor);
            } catch (Throwable failed) {
                throw unchecked(failed);
            }
        }

        /** Method handles declare Throwable, but these throw nothing checked. */
        private static RuntimeException unchecked(Throwable failed) {
            if (failed instanceof Error error) {
                throw error;
            }
            return failed instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failed);
        }
    }

    /** Memory outside the heap, freed when it is no longer referenced. */
    private record Memory(Method newArena, Method allocate, Method allocateText, Object intLayout) {

        /** The encoding of file names. */
        private static final Charset CHARSET = Charset.forName(
                System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

        Object newInt() throws IOException {
            try {
                return allocate.invoke(newArena.invoke(null), intLayout);
            } catch (ReflectiveOperationException failed) {
                throw new IOException(failed);
            }
        }

        Object newText(String text) throws IOException {
            try {
                return allocateText.invoke(newArena.invoke(null), text, CHARSET);
            } catch (ReflectiveOperationException failed) {
                throw new IOException(failed);
            }
        }
    }

    /** The parts of {@code java.lang.foreign} that are needed only once, for linking. */
    private static final class Linker {
        private final Class<?> linkerType = type("Linker");
        private final Class<?> optionType = type("Linker$Option");
        private final Class<?> segmentType = type("MemorySegment");
        private final Class<?> layoutType = type("MemoryLayout");
        private final Class<?> descriptorType = type("FunctionDescriptor");
        private final Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        private final Object library = linkerType.getMethod("defaultLookup").invoke(linker);
        private final Object intLayout =
                type("ValueLayout").getField("JAVA_INT").get(null);
        private final Object pointerLayout =
                type("ValueLayout").getField("ADDRESS").get(null);

        Linker() throws ReflectiveOperationException {}

        private static Class<?> type(String name) throws ClassNotFoundException {
            return Class.forName("java.lang.foreign." + name);
        }

        /** Null if native access is not enabled, or anything is not as expected. */
        static @Nullable Functions linkIfPossible() {
            try {
                return isSupported() && isNativeAccessEnabled() ? new Linker().link() : null;
            } catch (Throwable notHere) { // of any kind: we then do without flock
                return null;
            }
        }

        private static boolean isSupported() {
            return Runtime.version().feature() >= 22
                    && "Linux".equals(System.getProperty("os.name"))
                    && List.of("amd64", "aarch64").contains(ARCHITECTURE);
        }

        private static boolean isNativeAccessEnabled() throws ReflectiveOperationException {
            return (boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(NativeFlock.class.getModule());
        }

        private @Nullable Functions link() throws ReflectiveOperationException, IOException {
            Functions functions = new Functions(
                    // open takes a third argument only if it creates a file.
                    function("open", option("firstVariadicArg", int.class, 2), pointerLayout, intLayout),
                    function("flock", null, intLayout, intLayout),
                    function("close", null, intLayout),
                    intGetter(),
                    new Memory(
                            type("Arena").getMethod("ofAuto"),
                            type("SegmentAllocator").getMethod("allocate", layoutType),
                            type("SegmentAllocator").getMethod("allocateFrom", String.class, Charset.class),
                            intLayout));
            // Links every call now, rather than later when the stack may be about to overflow, and checks that errno
            // can be read.
            Object errno = functions.newErrno();
            boolean works = functions.open(errno, Path.of("/"), O_WRONLY) == -1
                    && functions.close(errno, NO_DESCRIPTOR) == -1
                    && functions.flock(errno, NO_DESCRIPTOR, LOCK_UN) == -1
                    && functions.errno(errno) == EBADF;
            return works ? functions : null;
        }

        /** A function that returns an int. Its first argument is the memory for errno. */
        private MethodHandle function(String name, @Nullable Object option, Object... arguments)
                throws ReflectiveOperationException {
            Object symbol = ((Optional<?>)
                            type("SymbolLookup").getMethod("find", String.class).invoke(library, name))
                    .orElseThrow();
            Object descriptor = descriptorType
                    .getMethod("of", layoutType, layoutType.arrayType())
                    .invoke(null, intLayout, array(layoutType, arguments));
            Object capture = option("captureCallState", String[].class, new String[] {"errno"});
            Object options = option == null ? array(optionType, capture) : array(optionType, capture, option);
            return erased((MethodHandle) linkerType
                    .getMethod("downcallHandle", segmentType, descriptorType, optionType.arrayType())
                    .invoke(linker, symbol, descriptor, options));
        }

        private Object option(String name, Class<?> type, Object value) throws ReflectiveOperationException {
            return optionType.getMethod(name, type).invoke(null, value);
        }

        private MethodHandle intGetter() throws ReflectiveOperationException {
            MethodHandle get = MethodHandles.publicLookup()
                    .findVirtual(
                            segmentType,
                            "get",
                            MethodType.methodType(int.class, type("ValueLayout$OfInt"), long.class));
            return erased(MethodHandles.insertArguments(get, 1, intLayout, 0L));
        }

        private static MethodHandle erased(MethodHandle handle) {
            return handle.asType(handle.type().erase());
        }

        private static Object array(Class<?> type, Object... elements) {
            Object array = Array.newInstance(type, elements.length);
            for (int i = 0; i < elements.length; i++) {
                Array.set(array, i, elements[i]);
            }
            return array;
        }
    }
}
