package ai.dreamlake.logback.internal.upload;

import java.util.ArrayList;
import java.util.List;

/** Books that keep their entries in order, such as "delivered 10". Entries of zero records are left out. */
final class BookEntries implements Books {

    final List<String> entries = new ArrayList<>();

    @Override
    public void delivered(long records) {
        enter("delivered", records);
    }

    @Override
    public void rejected(long records) {
        enter("rejected", records);
    }

    @Override
    public void lost(long records) {
        enter("lost", records);
    }

    private void enter(String what, long records) {
        if (records > 0) {
            entries.add(what + " " + records);
        }
    }
}
