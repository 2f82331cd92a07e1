package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** A container without a locale: its file names can only be ASCII. */
class LocaleTest {

    @TempDir
    Path root;

    /** Prints what became of a name outside ASCII: from code, from the MDC, from the configuration. */
    static final class Child {
        public static void main(String[] arguments) {
            try (Logging logging = Logging.to(Path.of(arguments[0]))) {
                try {
                    DreamlakeSession.open("project", "gr\u00f6\u00dfe");
                    System.out.println("opened");
                } catch (IllegalArgumentException refused) {
                    System.out.println(refused.getMessage().contains("file names cannot have here"));
                }
                MDC.put("dreamlake.session", "gr\u00f6\u00dfe");
                logging.log.info("gr\u00f6\u00dfe");
                System.out.println(logging.appender.getStatistics().written());
            }
            try (Logging logging =
                    Logging.to(Path.of(arguments[0]), appender -> appender.setSession("gr\u00f6\u00dfe"))) {
                System.out.println(logging.errors().size());
            }
        }
    }

    @Test
    void aNameThatNoFileCanHaveIsRefusedFromCodeAndMadeSafeFromTheMdc() {
        assumeThat(Path.of("/usr/bin/env")).isExecutable();
        try (ChildJvm child = ChildJvm.start(List.of("/usr/bin/env", "LC_ALL=C", "LANG=C"), Child.class, root)) {
            assertThat(child.remainingLines()).containsExactly("true", "1", "1");
            assertThat(child.waitFor()).isZero();
        }
    }
}
