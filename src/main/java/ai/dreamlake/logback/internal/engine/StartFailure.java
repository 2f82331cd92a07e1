package ai.dreamlake.logback.internal.engine;

import org.jspecify.annotations.Nullable;

/** Says why an appender cannot start, or cannot write everything, if its configuration is not at fault. */
public final class StartFailure {

    private static final String DATABIND = "tools.jackson.core:jackson-databind";
    private static final String ANNOTATIONS = "com.fasterxml.jackson.core:jackson-annotations";

    private static final String MISSING = "not there";

    private StartFailure() {}

    /** What to tell the user, with what to do about it if that is known. */
    public static String describe(Throwable failure) {
        return failure instanceof LinkageError error && isOfJackson(error)
                ? describeJackson() + " (" + failure + ")"
                : "The appender cannot start: " + failure;
    }

    private static String describeJackson() {
        String databind = version("tools.jackson.databind.ObjectMapper");
        String advice = databind.equals(MISSING)
                ? "Add " + DATABIND + ":3.0.4 to the dependencies of the application; it brings the annotations."
                : "Add " + ANNOTATIONS + ":2.21 to the dependencies of the application, or " + DATABIND
                        + ":3.0.4, which takes annotations from 2.19 on.";
        return "The versions of Jackson do not fit together: " + DATABIND + " is " + databind + ", " + ANNOTATIONS
                + " is " + version("com.fasterxml.jackson.annotation.JsonProperty") + ". " + advice;
    }

    /** Judges by the message or, for example if a method is missing, by the class that needed it. */
    private static boolean isOfJackson(LinkageError failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        boolean isThrownThere = trace.length > 0 && trace[0].getClassName().contains("jackson");
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (isThrownThere || message.contains("jackson")) {
                return true;
            }
        }
        return false;
    }

    private static String version(String className) {
        Class<?> found;
        try {
            found = Class.forName(className, false, StartFailure.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError none) {
            return MISSING;
        }
        @Nullable String version = found.getPackage().getImplementationVersion();
        return version == null ? "of an unknown version" : version;
    }
}
