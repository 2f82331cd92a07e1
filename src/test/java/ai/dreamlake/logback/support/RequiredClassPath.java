package ai.dreamlake.logback.support;

import java.io.File;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The part of the tests' class path that every application has, and what our helpers need. */
public final class RequiredClassPath {

    private static final Pattern REQUIRED = Pattern.compile(
            "(/(slf4j-api|logback-classic|logback-core|jackson-|okhttp-jvm|okio-|kotlin-stdlib)[^/]*[.]jar|classes)$");

    private static final Pattern HELPERS = Pattern.compile("awaitility|hamcrest");

    private RequiredClassPath() {}

    public static String get() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry ->
                        REQUIRED.matcher(entry.replace(File.separatorChar, '/')).find()
                                || HELPERS.matcher(entry).find())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
