package ai.dreamlake.logback.tool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the numbers of a record are plotted over: the first of some fields that is a number there, else the record's own
 * number.
 *
 * @param fields names of metadata fields, in the order in which they are looked for
 * @param onlyWhole whether a field counts only if it is a whole number, as TensorBoard demands
 */
record Axis(List<String> fields, boolean onlyWhole) {

    /** The name of the axis where no field is found. */
    static final String RECORD = "record";

    private static final List<String> USUAL = List.of("step", "global_step", "epoch");

    /** Beyond it, not every whole number is a double. */
    private static final double MAX_EXACT = 0x1p53;

    /** A place on an axis. */
    record Place(String axis, double step) {}

    /** @param field the only field to look for; null for the usual ones */
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
