package ai.dreamlake.logback.internal.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The properties of a {@code <field>} element as they were set, right or wrong. */
public final class FieldProperties {

    public @Nullable String name;
    public @Nullable String value;

    /** The fields by name, in their order; without those whose value is empty, as an optional variable may be. */
    static Map<String, String> judged(List<FieldProperties> given, Faults faults) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (FieldProperties field : given) {
            String name = Faults.textOrNone(field.name);
            String value = field.value;
            if (name == null) {
                faults.add("field", null, "give each field a <name>.");
            } else if (faults.isDefined("field", name, name)
                    && value != null
                    && !value.isBlank()
                    && faults.isDefined("field", value, name)
                    && fields.put(name, value) != null) {
                faults.add("field", name, "there is another one with this name; give one of them.");
            }
        }
        return fields;
    }
}
