package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.Context;
import ch.qos.logback.core.CoreConstants;
import ch.qos.logback.core.joran.util.PropertySetter;
import ch.qos.logback.core.spi.ContextAware;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.util.FileSize;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reports what is wrong with a configuration, as ERROR statuses: the property, its value, and what to do. A token is
 * never shown.
 */
public final class Faults {

    static final String DEFINE = "define the variable, or give it a default: ${NAME:-default}.";

    /** Shown instead of a value that may be secret. */
    static final String HIDDEN = "(not shown)";

    /** What Logback says about a value that does not have its property's type. */
    private static final Pattern MISTYPED = Pattern.compile("Failed to set property \\[(\\w+)] to value \"(.*)\"");

    private static final Map<Class<?>, String> REMEDIES = Map.of(
            boolean.class, "choose true or false.",
            int.class, "choose a whole number.",
            FileSize.class, "choose a size, such as 512KB.",
            ch.qos.logback.core.util.Duration.class, "choose a time, such as \"5 seconds\".");

    private final ContextAware status;

    /** Logback's own warnings up to this time, in milliseconds, are already reported as faults. */
    private long judgedUntil;

    /** The environment variables that values are from, by property. */
    private final Map<String, String> variables = new HashMap<>();

    private String appender = "";
    private boolean found;

    public Faults(ContextAware status) {
        this.status = status;
    }

    /**
     * Begins a check, with the faults that Logback found. If a value does not have its property's type, Logback only
     * warns, and continues with the default.
     *
     * @param appender the appender's name
     * @param configured the objects whose properties are checked
     */
    public void begin(@Nullable String appender, List<?> configured) {
        this.appender = String.valueOf(appender);
        this.found = false;
        this.variables.clear();
        Context context = status.getContext();
        if (context == null) {
            return;
        }
        for (Status warning : context.getStatusManager().getCopyOfStatusList()) {
            if (warning.getTimestamp() > judgedUntil
                    && warning.getOrigin() instanceof PropertySetter setter
                    && configured.contains(setter.getObj())
                    && warning.getMessage().startsWith("Failed to set")) {
                addMistyped(warning.getMessage(), setter.getObj().getClass());
            }
        }
        judgedUntil = System.currentTimeMillis();
    }

    private void addMistyped(String message, Class<?> configured) {
        Matcher words = MISTYPED.matcher(message);
        if (words.lookingAt()) {
            add(words.group(1), words.group(2), remedy(configured, words.group(1)));
        } else { // another version of Logback
            found = true;
            status.addError(message + "Give it a value of the property's type; see logback-sample.xml.");
        }
    }

    private static String remedy(Class<?> configured, String property) {
        for (Method method : configured.getMethods()) {
            if (method.getName().equalsIgnoreCase("set" + property) && method.getParameterCount() == 1) {
                Class<?> type = method.getParameterTypes()[0];
                if (type.isEnum()) {
                    String names = Arrays.toString(type.getEnumConstants());
                    return "choose one of " + names.substring(1, names.length() - 1) + ".";
                }
                return REMEDIES.getOrDefault(type, "see logback-sample.xml.");
            }
        }
        return "see logback-sample.xml.";
    }

    /** Whether a fault was found since the check began. */
    public boolean found() {
        return found;
    }

    void add(String property, @Nullable Object value, String remedy) {
        found = true;
        String variable = variables.get(property);
        status.addError("<" + property + ">" + (variable == null ? "" : " (" + variable + ")") + " of appender ["
                + appender + "] " + (value == null ? "is missing" : "is \"" + value + "\"") + ": " + remedy);
    }

    /** The value of a property is from an environment variable. Faults name the variable, too. */
    void isFromEnvironment(String property, String variable) {
        variables.put(property, variable);
    }

    /** Reports something that is not a fault, as an INFO status. */
    void note(String sentence) {
        status.addInfo("Appender [" + appender + "]: " + sentence);
    }

    /** Reports something that is not a fault yet, as a WARN status. */
    void warn(String sentence) {
        status.addWarn("Appender [" + appender + "]: " + sentence);
    }

    /** The text without surrounding space; null if it is blank, as an optional variable is that is not set. */
    static @Nullable String textOrNone(@Nullable String value) {
        return value == null || value.isBlank() ? null : value.strip();
    }

    /** The text. Reports a fault and returns null if there is none, or if a variable in it has no value. */
    @Nullable
    String text(String property, @Nullable String value) {
        if (value == null || value.isBlank()) {
            add(property, value, "give it a value, or leave it out for the default.");
            return null;
        }
        return isDefined(property, value, value) ? value : null;
    }

    /** Reports a fault and returns false if Logback found no value for a variable, and put its own text there. */
    boolean isDefined(String property, String value, String shown) {
        if (isUndefined(value)) {
            add(property, shown, DEFINE);
            return false;
        }
        return true;
    }

    static boolean isUndefined(String value) {
        return value.contains(CoreConstants.UNDEFINED_PROPERTY_SUFFIX);
    }

    int atLeastOne(String property, int value) {
        if (value < 1) {
            add(property, value, "choose 1 or more.");
        }
        return value;
    }

    /** A size in bytes. Reports a fault if it is not from 1 KB to 64 MB. */
    int size(String property, @Nullable FileSize value) {
        long size = value == null ? -1 : value.getSize();
        if (size < FileSize.KB_COEFFICIENT || size > 64 * FileSize.MB_COEFFICIENT) {
            add(property, value, "choose a size from 1KB to 64MB.");
            return 0;
        }
        return (int) size;
    }

    /** @param example what to do, with an example such as "5 seconds" */
    Duration duration(
            String property, ch.qos.logback.core.util.@Nullable Duration value, long minMillis, String example) {
        if (value == null || value.getMilliseconds() < minMillis) {
            add(property, value, example);
            return Duration.ZERO;
        }
        return Duration.ofMillis(value.getMilliseconds());
    }
}
