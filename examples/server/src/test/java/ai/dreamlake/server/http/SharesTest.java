package ai.dreamlake.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharesTest {

    @Test
    void nobodyGetsMoreThanAShareAndAllTogetherNoMoreThanTheTotal() throws InterruptedException {
        Shares shares = new Shares(10, 4);
        assertThat(shares.take("alice", 3, 0)).isTrue();
        assertThat(shares.take("alice", 2, 0)).isFalse();
        assertThat(shares.take("alice", 1, 0)).isTrue();
        assertThat(shares.take("bob", 4, 0)).isTrue();
        assertThat(shares.take("carol", 3, 0)).isFalse();
        shares.giveBack("alice", 4);
        assertThat(shares.take("carol", 3, 0)).isTrue();
        assertThat(shares.take("alice", 3, 0)).isTrue();
    }

    @Test
    void aWaitingClientGetsWhatIsGivenBack() throws Exception {
        Shares shares = new Shares(10, 4);
        assertThat(shares.take("alice", 4, 0)).isTrue();
        CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return shares.take("alice", 4, 60);
            } catch (InterruptedException stopping) {
                return false;
            }
        });
        shares.giveBack("alice", 4);
        assertThat(waiting.get()).isTrue();
    }
}
