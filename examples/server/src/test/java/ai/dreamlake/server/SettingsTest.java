package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.http.Tokens;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings from the environment, and invalid ones. */
class SettingsTest {

    private static final String SECRET = "another-secret-another-secret-another";

    @ParameterizedTest
    @CsvSource({
        "PORT, many",
        "PORT, 65536",
        "TRUST_PROXY, yes",
        "MAX_STREAMS, -1",
        "MAX_REQUESTS_PER_SECOND, x",
        "MAX_CONNECTIONS_PER_ADDRESS, 0",
        "REQUEST_TIMEOUT, 0",
        "STOP_TIMEOUT, forever",
        "FILE_LIMIT, 100MB",
        "FILE_LIMIT, -1",
        "RETENTION_DAYS, -1",
        "RETENTION_DAYS, a week",
    })
    void anInvalidVariableIsNamedWithItsValue(String name, String value) {
        assertThatThrownBy(() -> Settings.of(Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " is \"" + value + "\"");
    }

    @Test
    void aSecretThatIsTooShortIsRefusedAndNotShown() {
        assertThatThrownBy(() -> new Tokens("short"))
                .hasMessageContaining("JWT_SECRET")
                .hasMessageNotContaining("short\"");
        assertThat(Settings.of(Map.of("JWT_SECRET", SECRET)).toString()).doesNotContain(SECRET);
    }

    @Test
    void filesHaveALimitThatCanBeAnyNumber() {
        assertThat(Settings.of(Map.of()).http().fileLimit()).isEqualTo(100 * 1024 * 1024);
        assertThat(Settings.of(Map.of("FILE_LIMIT", "10000000000")).http().fileLimit())
                .isEqualTo(10_000_000_000L);
        assertThat(Settings.of(Map.of("FILE_LIMIT", "0")).http().fileLimit()).isZero();
    }

    @Test
    void withoutASecretOfItsOwnTheServerListensOnLoopbackOnly() {
        assertThat(Settings.of(Map.of()).http().port()).isEqualTo(3000);
        assertThat(Settings.of(Map.of()).http().host()).isEqualTo("127.0.0.1");
        assertThat(Settings.of(Map.of()).http().isDevelopment()).isTrue();
        assertThat(Settings.of(Map.of("HOST", "localhost")).http().host()).isEqualTo("localhost");
        assertThatThrownBy(() -> Settings.of(Map.of("HOST", "0.0.0.0")))
                .hasMessageStartingWith("HOST is \"0.0.0.0\", and JWT_SECRET is not set");

        assertThat(Settings.of(Map.of("JWT_SECRET", SECRET)).http().isDevelopment())
                .isFalse();
        assertThat(Settings.of(Map.of("JWT_SECRET", SECRET)).http().host())
                .as("all addresses")
                .isNull();
        assertThat(Settings.of(Map.of("JWT_SECRET", SECRET, "HOST", "0.0.0.0"))
                        .http()
                        .host())
                .isEqualTo("0.0.0.0");
    }
}
