package ai.dreamlake.logback.support;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Initializes what the JDK needs for stack traces before any test overflows a stack. If the stack overflowed during
 * that initialization, the JVM could never again read a stack trace, and the tests' JVM would end without a word: tests
 * were missing from a build that was green.
 */
public final class StackTraces implements LauncherSessionListener {

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        try {
            Integer.parseInt("");
        } catch (NumberFormatException e) {
            e.getStackTrace(); // has frames of the JDK's modules, which need it
        }
    }
}
