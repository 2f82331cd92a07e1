package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many records a batch has, after the server's answers to the previous ones. */
class BatchSizeTest {

    private final BatchSize size = new BatchSize(1000);

    private int afterDelivered(int batches) {
        for (int i = 0; i < batches; i++) {
            size.delivered();
        }
        return size.limit();
    }

    @Test
    void aRefusedRecordIsFoundByHalvingAndThenBatchesGrowFast() {
        size.refused(1000, false);
        assertThat(size.limit()).isEqualTo(500);
        size.refused(500, false);
        size.refused(250, false);
        assertThat(size.limit()).isEqualTo(125);
        assertThat(afterDelivered(1)).isEqualTo(250);
        assertThat(afterDelivered(2)).isEqualTo(1000);
        assertThat(afterDelivered(9)).isEqualTo(1000);
    }

    @Test
    void aBatchThatIsTooLargeMakesAllSmallerAndTheyGrowSlowly() {
        size.refused(1000, true);
        assertThat(afterDelivered(1)).isEqualTo(563);
        assertThat(afterDelivered(1)).isEqualTo(634);
        assertThat(afterDelivered(20)).isEqualTo(1000);
    }

    @Test
    void aSingleRecordThatIsTooLargeSaysNothingAboutTheOthers() {
        size.refused(4, true);
        size.refused(2, true);
        assertThat(size.limit()).isOne();
        size.setAside();
        assertThat(afterDelivered(1)).isEqualTo(2);
        assertThat(afterDelivered(9)).isEqualTo(1000);
    }

    @Test
    void theSizeAfterADeliveryIsKnownBefore() {
        size.refused(1000, true);
        for (int batches = 0; batches < 9; batches++) {
            int expected = size.limitOnceDelivered();
            assertThat(afterDelivered(1)).isEqualTo(expected);
        }
    }

    @Test
    void aBatchOfOneIsNeverHalved() {
        BatchSize one = new BatchSize(1);
        one.delivered();
        assertThat(one.limit()).isOne();
    }
}
