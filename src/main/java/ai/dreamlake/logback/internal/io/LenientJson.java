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
 * Reads the JSON that lies in session directories, whoever wrote it: names, numbers and texts of any length, and the
 * {@code NaN} and {@code Infinity} that the Python SDK writes. Written again, those become strings, as JSON has no form
 * for them.
 */
public final class LenientJson {

    /**
     * For walking through a value of any length, and writing it again, with little memory: strings that nobody asks for
     * are skipped. What Jackson must hold is limited: the levels of nesting, and the length of a name or a number.
     * Beyond that it is an error. Bytes that are no UTF-8 count as U+FFFD, as Jackson reads them where it need not
     * remember names.
     */
    public static final JsonFactory STREAMS = builder(StreamReadConstraints.builder()
                    .maxNestingDepth(200_000)
                    .maxNameLength(maxHeldLength())
                    .maxStringLength(maxHeldLength()) // of a number's text, too
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .build();

    /** For trees. A value nested deeper than Jackson's default limit is an error. */
    public static final JsonMapper TREES = new JsonMapper(builder(StreamReadConstraints.builder()
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    private static final int MAX_HELD = 64 * 1024 * 1024 + 1024;

    private LenientJson() {}

    /**
     * How long a text from a session's directory may be so that it is held in memory, in several copies: 64 MB and a
     * little, which no record of ours exceeds, or a sixteenth of the heap where that is less.
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
