package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Compares the metadata for GraalVM's native-image with what Logback's Joran calls by reflection. */
class NativeImageTest {

    private static final String METADATA =
            "/META-INF/native-image/ai.dreamlake/dreamlake-logback/reachability-metadata.json";

    private static JsonNode metadata() throws IOException {
        try (InputStream file = NativeImageTest.class.getResourceAsStream(METADATA)) {
            return new JsonMapper().readTree(file);
        }
    }

    /** Our classes that a configuration names, or that its nested elements become. */
    private static Set<String> configured() {
        Set<String> found = new TreeSet<>();
        Deque<Class<?>> left = new ArrayDeque<>(Set.of(DreamlakeAppender.class));
        while (!left.isEmpty()) {
            Class<?> type = left.pop();
            if (type.isInterface() || !type.getName().startsWith("ai.dreamlake.") || !found.add(type.getName())) {
                continue; // an interface stands for a user's class, which the user's own metadata must name
            }
            for (Method method : type.getMethods()) {
                if (method.getName().matches("(set|add)[A-Z].*") && method.getParameterCount() == 1) {
                    left.addAll(Arrays.asList(method.getParameterTypes()));
                }
            }
        }
        return found;
    }

    @Test
    void everyClassThatAConfigurationNamesCanBeCreatedAndSet() throws IOException {
        Set<String> told = new TreeSet<>();
        for (JsonNode type : metadata().get("reflection")) {
            if (type.path("allPublicConstructors").asBoolean(false)) {
                assertThat(type.get("allPublicMethods").booleanValue()).isTrue();
                told.add(type.get("type").stringValue());
            }
        }
        assertThat(told).isEqualTo(configured());
    }

    @Test
    void everythingInTheMetadataExists() throws Exception {
        for (JsonNode type : metadata().get("reflection")) {
            assertThat(Class.forName(type.get("type").stringValue())).isPublic();
        }
        for (JsonNode resource : metadata().get("resources")) {
            assertThat(getClass().getResource("/" + resource.get("glob").stringValue()))
                    .isNotNull();
        }
    }
}
