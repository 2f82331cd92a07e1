package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class UnacknowledgedRecordsTest {

    private final UnacknowledgedRecords unacknowledged = new UnacknowledgedRecords();

    @Test
    void numbersReportedInAnyOrderAreCountedAsIfReportedInOrder() {
        Random random = new Random(7);
        TreeSet<Long> pending = new TreeSet<>();
        long next = 0;
        for (int round = 0; round < 2000; round++) {
            List<Long> written = new ArrayList<>();
            for (int i = random.nextInt(8); i > 0; i--) {
                next += 1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0); // others write, too
                written.add(next);
            }
            Collections.shuffle(written, random);
            written.forEach(number -> {
                unacknowledged.reserve();
                unacknowledged.wrote(number, 1);
            });
            pending.addAll(written);
            if (random.nextInt(4) == 0) {
                unacknowledged.trim();
            }
            assertThat(unacknowledged.pending()).isEqualTo(pending.size());
            long bound = random.nextInt((int) next + 2);
            assertThat(unacknowledged.isPendingBelow(bound))
                    .isEqualTo(!pending.headSet(bound).isEmpty());
            int done = pending.headSet(bound).size();
            pending.headSet(bound).clear();
            assertThat(unacknowledged.doneBelow(bound)).isEqualTo(done);
        }
    }

    @Test
    void numbersThatAreDoneInAnyOrderAreCountedOnce() {
        Random random = new Random(11);
        TreeSet<Long> pending = new TreeSet<>();
        for (long number = 0; number < 5000; number++) {
            if (random.nextInt(5) > 0) { // others write, too
                unacknowledged.reserve();
                unacknowledged.wrote(number, 1);
                pending.add(number);
            }
        }
        while (!pending.isEmpty()) {
            long first = random.nextInt(5000);
            long next = first + random.nextInt(200);
            int done = pending.subSet(first, next).size();
            pending.subSet(first, next).clear();
            unacknowledged.reserve();
            assertThat(unacknowledged.doneBetween(first, next)).isEqualTo(done);
            assertThat(unacknowledged.pending()).isEqualTo(pending.size());
            assertThat(unacknowledged.isPendingBelow(first))
                    .isEqualTo(!pending.headSet(first).isEmpty());
        }
    }

    /** The numbers between them are then pending until all of them are done. */
    @Test
    void withoutRoomForOneMoreRunBothRestsOfARunStayOneRun() {
        for (long number = 0; number < 80; number += 10) {
            unacknowledged.wrote(number, 5); // as many runs as there is room for
        }
        assertThat(unacknowledged.doneBetween(41, 43)).isEqualTo(2);
        assertThat(unacknowledged.pending()).isEqualTo(38);
        assertThat(unacknowledged.doneBetween(43, 45)).isZero();
        assertThat(unacknowledged.doneBetween(40, 45)).isEqualTo(3);
        assertThat(unacknowledged.doneBelow(80)).isEqualTo(35);
        assertThat(unacknowledged.pending()).isZero();
    }

    @Test
    void numbersThatWereWrittenTwiceAreCountedTwice() {
        unacknowledged.wrote(0, 10);
        unacknowledged.wrote(3, 2);
        assertThat(unacknowledged.pending()).isEqualTo(12);
        assertThat(unacknowledged.doneBetween(0, 10)).isEqualTo(12);
        assertThat(unacknowledged.pending()).isZero();
    }

    @Test
    void theEndIsAfterTheHighestNumberInWhateverOrderTheyCome() {
        unacknowledged.wrote(7, 1);
        unacknowledged.wrote(5, 1);
        assertThat(unacknowledged.end()).isEqualTo(8);
        unacknowledged.doneBelow(6);
        assertThat(unacknowledged.isPendingBelow(8)).isTrue();
    }

    @Test
    void noNumberIsForgottenWhenMemoryRunsOut() {
        UnacknowledgedRecords withoutRoom = new UnacknowledgedRecords(); // nobody could make room
        for (long number = 99_999; number > 0; number -= 2) {
            withoutRoom.wrote(number, 1);
        }
        assertThat(withoutRoom.pending()).isEqualTo(50_000);
        assertThat(withoutRoom.doneBelow(100_000)).isEqualTo(50_000);
        assertThat(withoutRoom.isPendingBelow(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void aRunMergedForLackOfRoomIsPendingUntilAllOfItIsDone() {
        for (long number = 0; number < 40; number += 2) {
            unacknowledged.wrote(number, 1);
        }
        assertThat(unacknowledged.doneBelow(38)).isLessThan(20);
        assertThat(unacknowledged.isPendingBelow(38)).isTrue();
        unacknowledged.doneBelow(39);
        assertThat(unacknowledged.pending()).isZero();
    }

    @Test
    void manyGapsTakeBoundedMemoryAndNumbersOfOthersAreNotCounted() {
        for (long number = 0; number < 100_000; number += 2) {
            unacknowledged.wrote(number, 1);
        }
        assertThat(unacknowledged.pending()).isEqualTo(50_000);
        assertThat(unacknowledged.doneBelow(100_000)).isEqualTo(50_000);
        assertThat(unacknowledged.pending()).isZero();
    }
}
