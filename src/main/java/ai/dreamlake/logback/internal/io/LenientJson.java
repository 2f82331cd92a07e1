package ai.dreamlake.logback.internal.io;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the JSON that lies in session directories, whoever wrote it: names, numbers and texts of any length, and the
 * {@code NaN} and {@code Infinity} that the Python SDK writes. Written again, those become strings, as JSON has no form
 * for them.
 */
public final class LenientJson {

    /** For skipping through a value without building it: takes any depth of nesting, too. */
    public static final JsonFactory PARSERS =
            factory(anyLength().maxNestingDepth(Integer.MAX_VALUE).build());

    /** For trees. A value nested deeper than Jackson's default limit is an error. */
    public static final JsonMapper TREES = new JsonMapper(factory(anyLength().build()));

    private LenientJson() {}

    private static StreamReadConstraints.Builder anyLength() {
        return StreamReadConstraints.builder()
                .maxNameLength(Integer.MAX_VALUE)
                .maxNumberLength(Integer.MAX_VALUE)
                .maxStringLength(Integer.MAX_VALUE);
    }

    private static JsonFactory factory(StreamReadConstraints constraints) {
        return JsonFactory.builder()
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .streamReadConstraints(constraints)
                .build();
    }
}
