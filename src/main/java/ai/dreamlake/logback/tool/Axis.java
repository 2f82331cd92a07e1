package ai.dreamlake.logback.tool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The axis over which a record's numbers are plotted: the first of the given fields that is a number in the record, or
 * else the record's sequence number.
 *
 * @param fields names of metadata fields, in the order in which they are tried
 * @param onlyWhole whether fields that are not whole numbers are ignored, as TensorBoard needs it
 */
record Axis(List<String> fields, boolean onlyWhole) {

    /** The name of the axis if no field is found. */
    static final String RECORD = "record";

    private static final List<String> USUAL = List.of("step", "global_step", "epoch");

    /** Beyond it, not every whole number is a double. */
    private static final double MAX_EXACT = 0x1p53;

    /** A place on an axis. */
    record Place(String axis, double step) {}

    /** @param field the only field to try; null for the usual ones */
    static Axis of(@Nullable String field, boolean onlyWhole) {
        if (field == null) {
            return new Axis(USUAL, onlyWhole);
        }
        return new Axis(field.equals(RECORD) ? List.of() : List.of(field), onlyWhole);
    }

    Place placeOf(FlatRecord record) {
        for (String field : fields) {
            FieldValue value = record.metadata().get(field);
            Double step = value == null ? null : value.number();
            if (step != null && isStep(step)) {
                return new Place(field, step);
            }
        }
        return new Place(RECORD, record.number());
    }

    private boolean isStep(double step) {
        return Double.isFinite(step) && !(onlyWhole && (step != Math.rint(step) || Math.abs(step) > MAX_EXACT));
    }
}
