package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.engine.RetentionLook.Stored;
import ai.dreamlake.logback.internal.session.SessionName;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetentionLookTest {

    private static final long HOUR = TimeUnit.HOURS.toMillis(1);
    private static final long NOW = 1_000_000 * HOUR;
    private static final long NONE = Long.MAX_VALUE;

    /**
     * Sessions are written as age in hours and size, with "-" for one that must stay, or "!" for one that turns out to
     * stay when it should be deleted. Deleted sessions are listed by age.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            # max age | max size | sessions             | go
            10        | none     |                      | ''
            10        | none     | 9:1 10:1 11:1 12:1   | 12 11
            10        | none     | 11:1- 12:1! 13:1     | 13 12!
            none      | 100      | 3:40 2:40 4:20       | ''
            none      | 99       | 3:40 2:40 4:20       | 4
            none      | 79       | 3:40 2:40 4:20       | 4 3
            none      | 0        | 3:40 2:40 4:20       | 4 3 2
            none      | 50       | 5:90- 4:10 3:10      | 4 3
            none      | 50       | 5:30! 4:30 3:30      | 5! 4 3
            none      | 50       | 5:30- 4:30 3:30      | 4 3
            none      | 60       | 5:30! 4:30 3:30      | 5! 4
            none      | 10       | 2:10 1:10 0:10       | 2 1
            none      | 10       | 0:5 0:10             | ''
            1         | none     | 0:1 1:1 2:1          | 2
            4         | 20       | 6:10 5:10 3:10 2:10  | 6 5
            4         | 15       | 6:10 5:10 3:10 2:10  | 6 5 3
            4         | 1000     | 6:10 5:10 3:10 2:10  | 6 5
            """)
    void theOldestAreDeletedUntilNoneIsTooOldAndTheRestFits(String maxAge, String maxSize, String sessions, String go) {
        RetentionLook look = new RetentionLook(
                new LocalRetention(
                        maxAge == null ? NONE : Long.parseLong(maxAge) * HOUR,
                        maxSize == null ? NONE : Long.parseLong(maxSize),
                        false),
                NOW);
        for (String session : sessions == null || sessions.isBlank() ? new String[0] : sessions.split(" +")) {
            String[] ageAndSize = session.replaceAll("[-!]", "").split(":");
            look.found(stored(
                    ageAndSize[0] + (session.endsWith("!") ? "!" : ""),
                    Long.parseLong(ageAndSize[0]) * HOUR,
                    Long.parseLong(ageAndSize[1]),
                    !session.endsWith("-")));
        }
        List<String> tried = new ArrayList<>();
        look.clean(session -> {
            tried.add(session.name().session());
            return !session.name().session().endsWith("!");
        });
        assertThat(String.join(" ", tried)).isEqualTo(go);
    }

    private static Stored stored(String name, long age, long bytes, boolean mayGo) {
        return new Stored(new SessionName("project", name), NOW - age, bytes, mayGo);
    }

    private static List<String> gone(LocalRetention limits, Stored... sessions) {
        RetentionLook look = new RetentionLook(limits, NOW);
        for (Stored session : sessions) {
            look.found(session);
        }
        List<String> gone = new ArrayList<>();
        look.clean(session -> gone.add(session.name().session()));
        return gone;
    }

    @Test
    void aSessionThatWasModifiedWithinTheLastHourOrInTheFutureStays() {
        LocalRetention nothing = new LocalRetention(0, 0, true);
        assertThat(gone(nothing, stored("a", HOUR, 1, true))).containsExactly("a");
        assertThat(gone(nothing, stored("a", HOUR - 1, 1, true))).isEmpty();
        assertThat(gone(nothing, stored("a", -HOUR, 1, true))).isEmpty();
    }

    @Test
    void ofVeryManySessionsTheOldestAreRememberedAndAllAreCounted() {
        RetentionLook look = new RetentionLook(new LocalRetention(NONE, 0, false), NOW);
        int all = RetentionLook.MAX_CANDIDATES + 500;
        for (int i = 0; i < all; i++) {
            look.found(stored("s" + i, HOUR + i * 7919L % all, 1, true)); // in no order
        }
        List<Stored> tried = new ArrayList<>();
        look.clean(tried::add);
        assertThat(tried).hasSize(RetentionLook.MAX_CANDIDATES);
        assertThat(tried.get(0).lastModified()).isEqualTo(NOW - HOUR - all + 1);
        assertThat(tried.get(tried.size() - 1).lastModified()).isEqualTo(NOW - HOUR - 500);
    }
}
