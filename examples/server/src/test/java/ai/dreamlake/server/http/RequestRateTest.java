package ai.dreamlake.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestRateTest {

    private static final long SECOND = 1_000_000_000;

    @Test
    void fiveSecondsWorthMayComeAtOnceAndThenTheAllowedRate() {
        RequestRate rate = new RequestRate(2);
        for (int i = 0; i < 10; i++) {
            assertThat(rate.waitSeconds("alice", SECOND)).isZero();
        }
        assertThat(rate.waitSeconds("alice", SECOND)).isEqualTo(1);
        assertThat(rate.waitSeconds("bob", SECOND)).as("who is another").isZero();
        assertThat(rate.waitSeconds("alice", 2 * SECOND)).isZero();
        assertThat(rate.waitSeconds("alice", 2 * SECOND)).isZero();
        assertThat(rate.waitSeconds("alice", 2 * SECOND)).isEqualTo(1);
        for (int i = 0; i < 10; i++) {
            assertThat(rate.waitSeconds("alice", 1000 * SECOND)).isZero();
        }
        assertThat(rate.waitSeconds("alice", 1000 * SECOND))
                .as("unused permissions do not add up")
                .isEqualTo(1);
    }

    @Test
    void zeroIsNoLimit() {
        RequestRate rate = new RequestRate(0);
        for (int i = 0; i < 100_000; i++) {
            assertThat(rate.waitSeconds("alice", 0)).isZero();
        }
    }

    @Test
    void inventedNamesNeitherFillTheMemoryNorAffectOthers() {
        RequestRate rate = new RequestRate(1);
        for (int i = 0; i < 5; i++) {
            rate.waitSeconds("alice", 0);
        }
        for (int i = 0; i < 9_000; i++) {
            rate.waitSeconds("address " + i, 0);
        }
        assertThat(rate.waitSeconds("alice", 0)).as("still known").isEqualTo(1);
        for (int i = 0; i < 20_000; i++) {
            rate.waitSeconds("address " + i, 0);
        }
        assertThat(rate.waitSeconds("alice", 0)).as("forgotten").isZero();
    }
}
