package ai.dreamlake.logback.internal.record;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** A public method of a library that is not a dependency. Calling it throws whatever the method throws. Thread-safe. */
final class LibraryMethod {

    private static final MethodType OF_TARGET = MethodType.methodType(Object.class, Object.class);
    private static final MethodType OF_TARGET_AND_INDEX = OF_TARGET.appendParameterTypes(int.class);

    private final Class<?> returnType;
    private final MethodHandle handle;

    private LibraryMethod(Class<?> type, MethodType asCalled, String name, Class<?>... parameters)
            throws NoSuchMethodException, IllegalAccessException {
        Method method = type.getMethod(name, parameters);
        this.returnType = method.getReturnType();
        this.handle = MethodHandles.publicLookup().unreflect(method).asType(asCalled);
    }

    /** A method without parameters. */
    static LibraryMethod of(Class<?> type, String name) throws NoSuchMethodException, IllegalAccessException {
        return new LibraryMethod(type, OF_TARGET, name);
    }

    /** A method that takes an index. */
    static LibraryMethod indexed(Class<?> type, String name) throws NoSuchMethodException, IllegalAccessException {
        return new LibraryMethod(type, OF_TARGET_AND_INDEX, name, int.class);
    }

    Class<?> returnType() {
        return returnType;
    }

    @Nullable
    Object call(@Nullable Object target) {
        try {
            return (Object) handle.invokeExact(target);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Nullable
    Object call(@Nullable Object target, int index) {
        try {
            return (Object) handle.invokeExact(target, index);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Scala's methods declare no exceptions but may throw any. */
    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(thrown);
    }
}
