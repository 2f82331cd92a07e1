package ai.dreamlake.logback.internal.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.slf4j.helpers.MessageFormatter;

class NamedArgumentsTest {

    /** The name of each placeholder, "-" where it has none. */
    private static List<String> names(String pattern) {
        NamedArguments arguments = new NamedArguments(pattern);
        List<String> names = new ArrayList<>();
        while (arguments.next()) {
            names.add(arguments.name() == null ? "-" : arguments.name());
        }
        return names;
    }

    @Test
    void aNameComesDirectlyBeforeThePlaceholder() {
        assertThat(names("Epoch done epoch={} train_loss={}")).containsExactly("epoch", "train_loss");
        assertThat(names("epoch: {}, loss= {}, lr:{}")).containsExactly("epoch", "loss", "lr");
        assertThat(names("val.acc={} top-5={} größe={}")).containsExactly("val.acc", "top-5", "größe");
        assertThat(names("(epoch={})[loss={}]")).containsExactly("epoch", "loss");
    }

    @Test
    void aPlaceholderWithoutANameKeepsItsPlace() {
        assertThat(names("Epoch {} done loss={}")).containsExactly("-", "loss");
        assertThat(names("epoch=  {}")).as("two spaces").containsExactly("-");
        assertThat(names("epoch ={}")).as("a space before the sign").containsExactly("-");
        assertThat(names("http://{}:{}/")).containsExactly("-", "-");
        assertThat(names("={} :{} 12:{}")).containsExactly("-", "-", "-");
        assertThat(names("a={}{}")).containsExactly("a", "-");
        assertThat(names("no placeholder")).isEmpty();
        assertThat(names("{}")).containsExactly("-");
        assertThat(names("")).isEmpty();
    }

    @Test
    void anAssignmentMayHaveASpaceOnEitherSide() {
        assertThat(names("loss = {}, val.acc = {}")).containsExactly("loss", "val.acc");
        assertThat(names("2x = {} größe = {}")).containsExactly("x", "größe");
        assertThat(names("loss  = {}")).as("two spaces").containsExactly("-");
        assertThat(names("loss =  {}")).as("two spaces").containsExactly("-");
        assertThat(names("loss : {}")).as("a colon is not an assignment").containsExactly("-");
        assertThat(names(" = {}")).containsExactly("-");
        assertThat(names("12 = {}")).containsExactly("-");
        assertThat(names("= {}")).containsExactly("-");
    }

    @Test
    void aComparisonAssignsNothing() {
        for (String sign : List.of("==", "!=", "<=", ">=", "=>", "->", "===", "~=", "+=", "-=", ":=")) {
            assertThat(names("a " + sign + " {}")).as(sign).containsExactly("-");
            assertThat(names("a " + sign + "{}")).as(sign).containsExactly("-");
            if (!sign.equals("-=")) {
                assertThat(names("a" + sign + "{}")).as(sign).containsExactly("-");
                assertThat(names("a" + sign + " {}")).as(sign).containsExactly("-");
            }
        }
        assertThat(names("a = = {}")).containsExactly("-");
        assertThat(names("a == b = {}")).containsExactly("b");
    }

    @Test
    void digitsAndDashesDoNotBeginAName() {
        assertThat(names("2x={}")).containsExactly("x");
        assertThat(names("--lr={}")).containsExactly("lr");
    }

    @Test
    void anEscapedPlaceholderIsNotAPlaceholder() {
        assertThat(names("set=\\{} a={}")).containsExactly("a");
        assertThat(names("path=\\\\{} a={}")).containsExactly("-", "a");
    }

    @Test
    void placeholdersTakeTheSameArgumentsAsInTheFormattedMessage() {
        Random random = new Random(7);
        String[] pieces = {"{}", "a={}", "\\", "{", "}", " ", "b:{}", "\\{}", "x", "\\\\{}"};
        for (int i = 0; i < 20_000; i++) {
            StringBuilder pattern = new StringBuilder();
            for (int count = random.nextInt(8); count > 0; count--) {
                pattern.append(pieces[random.nextInt(pieces.length)]);
            }
            Object[] arguments = {"<0>", "<1>", "<2>", "<3>", "<4>", "<5>", "<6>", "<7>", "<8>", "<9>"};
            String message =
                    MessageFormatter.arrayFormat(pattern.toString(), arguments).getMessage();
            int used = names(pattern.toString()).size();
            for (int argument = 0; argument < arguments.length; argument++) {
                assertThat(message.contains("<" + argument + ">"))
                        .as("argument %s of %s", argument, pattern)
                        .isEqualTo(argument < used);
            }
        }
    }
}
