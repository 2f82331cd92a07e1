package ai.dreamlake.logback.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionKeysTest {

    private final SessionKeys keys = new SessionKeys("tenant", "job", "default-workspace", "default-session");

    @Test
    void withoutEntriesTheConfiguredNamesApply() {
        assertThat(keys.workspaceOf(Map.of())).isEqualTo("default-workspace");
        assertThat(keys.sessionOf(Map.of())).isEqualTo("default-session");
        assertThat(keys.isNamed(Map.of())).isFalse();
    }

    @Test
    void theConfiguredKeysNameTheSession() {
        Map<String, String> mdc = Map.of("tenant", "acme", "job", "nightly");
        assertThat(keys.workspaceOf(mdc)).isEqualTo("acme");
        assertThat(keys.sessionOf(mdc)).isEqualTo("nightly");
        assertThat(keys.isNamed(mdc)).isTrue();
    }

    @Test
    void aScopeOpenedInCodeTakesPrecedenceOverTheConfiguredKeys() {
        Map<String, String> mdc = Map.of(
                "tenant", "acme", "job", "nightly", "dreamlake.workspace", "project", "dreamlake.session", "run");
        assertThat(keys.workspaceOf(mdc)).isEqualTo("project");
        assertThat(keys.sessionOf(mdc)).isEqualTo("run");
    }

    @Test
    void aWorkspaceAloneDoesNotNameASession() {
        Map<String, String> mdc = Map.of("tenant", "acme");
        assertThat(keys.isNamed(mdc)).isFalse();
        assertThat(keys.workspaceOf(mdc)).isEqualTo("acme");
        assertThat(keys.sessionOf(mdc)).isEqualTo("default-session");
    }

    @Test
    void anEmptyEntryIsIgnored() {
        Map<String, String> mdc = Map.of("tenant", "", "job", "", "dreamlake.session", "");
        assertThat(keys.isNamed(mdc)).isFalse();
        assertThat(keys.sessionOf(mdc)).isEqualTo("default-session");
        assertThat(keys.workspaceOf(mdc)).isEqualTo("default-workspace");
    }

    @Test
    void allKeysAreReserved() {
        assertThat(keys.reserved())
                .containsExactlyInAnyOrder(
                        "tenant",
                        "job",
                        "dreamlake.workspace",
                        "dreamlake.session",
                        "dreamlake.description",
                        "dreamlake.scope");
    }
}
