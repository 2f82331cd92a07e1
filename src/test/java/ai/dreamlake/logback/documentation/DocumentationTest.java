package ai.dreamlake.logback.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.DreamlakeLocalRetention;
import ai.dreamlake.logback.DreamlakeUpload;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the README and the pages of the site say exists: properties, messages, tests, files, versions. */
class DocumentationTest {

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** Other encoders' names for properties; {@code name} and the rest belong to Logback. */
    private static final Set<String> NOT_IN_TABLES =
            Set.of("includeMdcKeyName", "excludeMdcKeyName", "includeKeyValuePairs");

    @Test
    void theReadmeHasAtMostNineHundredWords() {
        assertThat(Page.readme().text().strip().split("\\s+")).hasSizeLessThanOrEqualTo(900);
    }

    @ParameterizedTest
    @MethodSource("ai.dreamlake.logback.documentation.Page#all")
    void eachLinkLeadsToAFileAndToAHeadingInIt(Page page) {
        for (String link : page.links()) {
            if (link.matches("https?:.*")) {
                continue;
            }
            String[] parts = link.split("#", 2);
            Path target = parts[0].isEmpty()
                    ? page.file()
                    : page.file().resolveSibling(parts[0]).normalize();
            assertThat(target).as("%s links to %s", page.file(), link).exists().startsWith(Page.REPOSITORY);
            if (parts.length > 1) {
                assertThat(Page.of(Page.REPOSITORY.relativize(target).toString())
                                .anchors())
                        .as("%s links to %s", page.file(), link)
                        .contains(parts[1]);
            }
        }
    }

    @Test
    void configurationHasEachPropertyAndNoOther() {
        assertThat(documented("### Essential", "### Frequent", "### Rare"))
                .containsExactlyInAnyOrderElementsOf(with(properties(DreamlakeAppender.class), "filter"));
        assertThat(documented("### Inside `<upload>`"))
                .containsExactlyInAnyOrderElementsOf(properties(DreamlakeUpload.class));
        assertThat(documented("### Inside `<localRetention>`"))
                .containsExactlyInAnyOrderElementsOf(properties(DreamlakeLocalRetention.class));
    }

    @Test
    void configurationSaysTheDefaultsThatTheCodeHas() throws Exception {
        List<String> compared = new ArrayList<>();
        compareDefaults(new DreamlakeAppender(), compared, "### Essential", "### Frequent", "### Rare");
        compareDefaults(new DreamlakeUpload(), compared, "### Inside `<upload>`");
        compareDefaults(new DreamlakeLocalRetention(), compared, "### Inside `<localRetention>`");
        assertThat(compared).hasSizeGreaterThan(25).contains("maxRecordSize", "callTimeout", "localMode");
    }

    private static void compareDefaults(Object defaults, List<String> compared, String... headings) throws Exception {
        for (String heading : headings) {
            for (List<String> row :
                    Page.of("src/site/markdown/configuration.md").table(heading)) {
                List<String> names = codes(row.get(0));
                List<String> values = codes(row.get(1));
                for (int i = 0; i < names.size() && !values.isEmpty(); i++) {
                    Object value = getter(defaults, names.get(i)).invoke(defaults);
                    if (value != null) {
                        assertThat(String.valueOf(value).replace("1 seconds", "1 second"))
                                .as(names.get(i))
                                .isEqualTo(asLogbackPrints(values.get(Math.min(i, values.size() - 1))));
                        compared.add(names.get(i));
                    }
                }
            }
        }
    }

    private static Method getter(Object object, String property) throws NoSuchMethodException {
        String name = property.substring(0, 1).toUpperCase(Locale.ROOT) + property.substring(1);
        for (Method method : object.getClass().getMethods()) {
            if (method.getName().equals("get" + name) || method.getName().equals("is" + name)) {
                return method;
            }
        }
        throw new NoSuchMethodException(property);
    }

    private static String asLogbackPrints(String value) {
        return value.replaceFirst("^(\\d+)(KB|MB|GB)$", "$1 $2")
                .replace("${user.home}", System.getProperty("user.home"));
    }

    private static Set<String> documented(String... headings) {
        Page page = Page.of("src/site/markdown/configuration.md");
        return Stream.of(headings)
                .flatMap(heading -> page.table(heading).stream())
                .flatMap(row -> codes(row.get(0)).stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> properties(Class<?> type) {
        Set<String> properties = new TreeSet<>();
        for (Method method : type.getDeclaredMethods()) {
            if (method.getName().matches("(set|add)[A-Z].*") && Modifier.isPublic(method.getModifiers())) {
                String name = method.getName().substring(3);
                properties.add(name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1));
            }
        }
        properties.removeAll(NOT_IN_TABLES);
        return properties;
    }

    private static Set<String> with(Set<String> names, String another) {
        names.add(another);
        return names;
    }

    private static List<String> codes(String cell) {
        return CODE.matcher(cell).results().map(code -> code.group(1)).toList();
    }

    /**
     * In a message, an ellipsis and what is a value (a name, a number, a path) may differ; the words between must not.
     */
    @Test
    void eachMessageInTroubleshootingIsOneOfTheCode() throws IOException {
        String sources = sources("src/main/java").replaceAll("\"\\s*\\+\\s*\"", "");
        List<String> messages = new ArrayList<>();
        for (String heading : List.of(
                "## Nothing arrives",
                "## Records are missing, or look odd",
                "## The server does not get the records")) {
            for (List<String> row :
                    Page.of("src/site/markdown/troubleshooting.md").table(heading)) {
                if (row.get(0).matches("(ERROR|WARN|INFO|`Records|`<).*")) {
                    messages.add(codes(row.get(0)).get(0));
                }
            }
        }
        assertThat(messages).hasSizeGreaterThan(20);
        for (String message : messages) {
            String[] words = message.split(
                    "…|\"[^\"]*\"|\\[DREAMLAKE]|\\bp/s\\b|logs\\.jsonl\\S*|\\.tail|<[A-Za-z]+>|\\d+|[()]|[A-Za-z]+\\.net\\.\\S+");
            assertThat(Stream.of(words)
                            .map(part -> part.replaceAll("^[:,.); ]+|[:,; ]+$", ""))
                            .filter(part -> part.length() > 3))
                    .as(message)
                    .isNotEmpty()
                    .allMatch(sources::contains);
        }
    }

    @ParameterizedTest
    @MethodSource("ai.dreamlake.logback.documentation.Page#all")
    void eachTestThatIsNamedExists(Page page) throws IOException {
        Set<String> tests;
        try (Stream<Path> files = Files.walk(Page.REPOSITORY.resolve("src/test/java"))) {
            tests = files.map(file -> file.getFileName().toString().replace(".java", ""))
                    .collect(Collectors.toSet());
        }
        List<String> named = Pattern.compile("`([A-Z]\\w+Test)`")
                .matcher(page.prose())
                .results()
                .map(name -> name.group(1))
                .toList();
        assertThat(tests).as(page.file().toString()).containsAll(named);
    }

    @Test
    void theVersionIsThatOfThePomEverywhere() {
        String pom = SessionOnDisk.text(Page.REPOSITORY.resolve("pom.xml"));
        String version = first(pom, "<artifactId>dreamlake-logback</artifactId>\\s*<version>([^<]+)</version>");
        for (Page page : Page.all()) {
            Pattern.compile("dreamlake-logback(?:-|:|</artifactId>\\s*<version>)(\\d[\\w.]*?\\d)(?=[-<'\\s])")
                    .matcher(page.text())
                    .results()
                    .forEach(named -> assertThat(named.group(1))
                            .as(page.file().toString())
                            .isEqualTo(version));
        }
        assertThat(Page.readme().text()).contains("<version>" + version + "</version>", ":" + version + "'");
    }

    @Test
    void theVersionsInTheReadmeAreTested() throws IOException {
        String tested = SessionOnDisk.text(Page.REPOSITORY.resolve("pom.xml"))
                + SessionOnDisk.text(Page.REPOSITORY.resolve("examples/kotlin/pom.xml"))
                + sources(".ci");
        Page readme = Page.readme();
        for (List<String> row : readme.table("## Compatibility")) {
            Pattern.compile("\\d+\\.[\\d.]*\\d")
                    .matcher(String.join(" ", row))
                    .results()
                    .map(MatchResult::group)
                    .forEach(version -> assertThat(tested).as(row.toString()).contains(version));
        }
    }

    @Test
    void eachProfileThatACommandNamesExists() {
        for (Page page : Page.all()) {
            Pattern.compile("mvn ([^\\n`]*?)-P ([\\w-]+)")
                    .matcher(page.text())
                    .results()
                    .forEach(command -> {
                        String pom = command.group(1).contains("-f examples") ? "examples/pom.xml" : "pom.xml";
                        assertThat(SessionOnDisk.text(Page.REPOSITORY.resolve(pom)))
                                .as(page.file() + ": " + command.group())
                                .contains("<id>" + command.group(2) + "</id>");
                    });
        }
    }

    private static String first(String text, String pattern) {
        var matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    private static String sources(String directory) throws IOException {
        try (Stream<Path> files = Files.walk(Page.REPOSITORY.resolve(directory))) {
            return files.filter(Files::isRegularFile).map(SessionOnDisk::text).collect(Collectors.joining("\n"));
        }
    }
}
