package ai.dreamlake.logback;

import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.SessionOnDisk;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The compiler checks that the javadoc of the public packages is complete. This checks what the compiler cannot. */
class PublicJavadocTest {

    private static final Path BASE = Path.of(System.getProperty("basedir", ""));
    private static final Path SOURCES = BASE.resolve("src/main/java");

    private static final Pattern EXPORT = Pattern.compile("exports ([\\w.]+);");
    private static final Pattern CHECKED = Pattern.compile("<arg>-Xdoclint/package:([\\w.,]+)</arg>");
    private static final Pattern SINCE = Pattern.compile("(?m)^ *\\* @since \\d+\\.\\d+\\.\\d+$");

    private static Set<String> publicPackages() {
        return EXPORT.matcher(SessionOnDisk.text(SOURCES.resolve("module-info.java")))
                .results()
                .map(export -> export.group(1))
                .collect(toCollection(TreeSet::new));
    }

    private static List<JavaClass> publicTypes() {
        return new ClassFileImporter()
                .withImportOption(new DoNotIncludeTests()).importPackages(publicPackages()).stream()
                        .filter(type -> publicPackages().contains(type.getPackageName()))
                        .filter(PublicJavadocTest::isPublic)
                        .toList();
    }

    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(PUBLIC)
                && type.getEnclosingClass().map(PublicJavadocTest::isPublic).orElse(true);
    }

    @Test
    void theCompilerChecksTheJavadocOfAllExportedPackages() {
        Matcher checked = CHECKED.matcher(SessionOnDisk.text(BASE.resolve("pom.xml")));

        assertThat(checked.find()).isTrue();
        assertThat(checked.group(1).split(",")).containsExactlyInAnyOrderElementsOf(publicPackages());
    }

    @ParameterizedTest
    @MethodSource("publicPackages")
    void eachPublicPackageSaysSinceWhichVersionItExists(String name) {
        assertThat(javadoc(directory(name).resolve("package-info.java"), "package " + name + ";"))
                .containsPattern(SINCE);
    }

    @ParameterizedTest
    @MethodSource("publicTypes")
    void eachPublicTypeSaysSinceWhichVersionItExists(JavaClass type) {
        String topLevel = type.getName().replaceFirst("\\$.*", "");
        String file = topLevel.substring(topLevel.lastIndexOf('.') + 1) + ".java";

        assertThat(javadoc(
                        directory(type.getPackageName()).resolve(file),
                        "(class|interface|record|enum) " + type.getSimpleName() + "\\b"))
                .containsPattern(SINCE);
    }

    private static Path directory(String packageName) {
        return SOURCES.resolve(packageName.replace('.', '/'));
    }

    /** The comment before a declaration; empty if there is none. */
    private static String javadoc(Path file, String declaration) {
        String text = SessionOnDisk.text(file);
        Matcher declared = Pattern.compile("(?m)^[ @\\w]*" + declaration).matcher(text);
        assertThat(declared.find()).as("declaration in %s", file).isTrue();
        int end = text.lastIndexOf("*/", declared.start());
        boolean isItsOwn = end >= 0 && !text.substring(end, declared.start()).contains(";");
        return isItsOwn ? text.substring(text.lastIndexOf("/**", end), end) : "";
    }
}
