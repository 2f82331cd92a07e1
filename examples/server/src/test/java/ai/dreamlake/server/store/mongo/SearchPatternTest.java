package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SearchPatternTest {

    private static boolean finds(String search, String text) {
        return Pattern.compile(SearchPattern.of(search)).matcher(text).find();
    }

    @Test
    void aTextIsFoundWhateverItsCase() {
        assertThat(SearchPattern.of("lo: 5%")).isEqualTo("[Ll][Oo]\\: 5\\%");
        assertThat(finds("ÄRGER", "viel ärger")).isTrue();
        assertThat(finds("ärger", "VIEL ÄRGER")).isTrue();
        assertThat(finds("σίσυφος", "ΣΊΣΥΦΟΣ")).isTrue();
        assertThat(finds("ПРИВЕТ", "привет")).isTrue();
        assertThat(finds("𐐀", "𐐨")).isTrue(); // beyond 16 bits
        assertThat(finds("a", "b")).isFalse();
        assertThat(finds("é", "e")).isFalse();
    }

    /** As {@link String#equalsIgnoreCase} does, for every character. */
    @Test
    void everyCharacterFindsItself() {
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
                String text = Character.toString(point);
                String upper = Character.toString(Character.toUpperCase(point));
                String lower = Character.toString(Character.toLowerCase(point));
                Pattern pattern = Pattern.compile(SearchPattern.of(text));
                assertThat(pattern.matcher(text).matches()
                                && pattern.matcher(upper).matches()
                                && pattern.matcher(lower).matches())
                        .as("U+%X", point)
                        .isTrue();
            }
        }
    }

    @Test
    void charactersWithAMeaningInRegularExpressionsMeanThemselves() {
        String all = "\\ . * + ? ( ) [ ] { } ^ $ | - / # & ~ \0 \n \t _ 0";
        assertThat(finds(all, "<" + all + ">")).isTrue();
        assertThat(finds(".", "a")).isFalse();
        assertThat(finds("\\E.*", "\\E.*")).isTrue();
        assertThat(finds("\0", "a")).isFalse();
    }
}
