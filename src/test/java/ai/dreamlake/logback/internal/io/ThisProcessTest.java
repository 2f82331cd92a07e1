package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThisProcessTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com.example.Training",
                "com.example.Training --password=secret",
                "com.example.Training\tsecret",
                "com.example.Training first\npassword: secret\n",
                "com.example.Training \r\nsecret\u2028secret",
            })
    void aCommandIsToldWithoutItsArguments(String command) {
        assertThat(ThisProcess.withoutArguments(command)).isEqualTo("com.example.Training");
    }

    @Test
    void anUnknownCommandIsEmpty() {
        assertThat(ThisProcess.withoutArguments("")).isEmpty();
    }
}
