package ai.dreamlake.logback.internal.io;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonFactoryBuilder;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the JSON found in session directories, whoever wrote it: names, numbers and texts of any length, and the
 * {@code NaN} and {@code Infinity} that the Python SDK writes. When rewritten, these two become strings, since JSON
 * cannot express them.
 */
public final class LenientJson {

    /**
     * For reading a value of any length, and rewriting it, with little memory: strings that nobody asks for are
     * skipped. What Jackson must hold in memory is limited: the nesting depth, and the length of a name or a number.
     * Beyond the limits, reading fails. Bytes that are not valid UTF-8 are read as U+FFFD, because Jackson is lenient
     * about them when it does not canonicalize names.
     */
    public static final JsonFactory STREAMS = builder(StreamReadConstraints.builder()
                    .maxNestingDepth(200_000)
                    .maxNameLength(maxHeldLength())
                    .maxStringLength(maxHeldLength()) // applies to a number's text too
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .build();

    /** For trees. Reading fails on a value nested deeper than Jackson's default limit. */
    public static final JsonMapper TREES = new JsonMapper(builder(StreamReadConstraints.builder()
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    private static final int MAX_HELD = 64 * 1024 * 1024 + 1024;

    private LenientJson() {}

    /**
     * The longest text from a session's directory to hold in memory, in several copies: just over 64 MB, which no
     * record of ours exceeds, or a sixteenth of the maximum heap if that is less.
     */
    public static int maxHeldLength() {
        return (int) Math.min(MAX_HELD, Runtime.getRuntime().maxMemory() / 16);
    }

    private static JsonFactoryBuilder builder(StreamReadConstraints constraints) {
        return JsonFactory.builder()
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .streamReadConstraints(constraints);
    }
}
