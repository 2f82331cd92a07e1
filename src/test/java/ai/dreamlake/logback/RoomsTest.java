package ai.dreamlake.logback;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.record.LineFormat;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Checks which package may depend on which. DESIGN calls the packages rooms. */
class RoomsTest {

    private static final String ROOT = "ai.dreamlake.logback";

    /** For each room, the other rooms that it may know. The empty name is the public root package. */
    private static final Map<String, Set<String>> MAY_KNOW = Map.ofEntries(
            entry("", Set.of("config", "engine", "record", "journal", "upload", "session", "io")),
            entry("config", Set.of("session", "io")),
            entry("engine", Set.of("config", "record", "journal", "upload", "session", "io")),
            entry("record", Set.of("io")),
            entry("session", Set.of("io")),
            entry("journal", Set.of("session", "record", "io")),
            entry("upload", Set.of("journal", "session", "record", "io")),
            entry("io", Set.of()),
            // Optional: no other room may know these.
            entry("micrometer", Set.of("", "session")),
            entry("reactor", Set.of("", "session")),
            entry("servlet", Set.of("", "session")),
            entry("spring", Set.of("", "session", "micrometer", "servlet")),
            entry("testing", Set.of("", "session")),
            // The command line, which has its own jar: it may know all internal rooms, and no room may know it.
            entry("tool", Set.of("config", "engine", "record", "journal", "upload", "session", "io")));

    /** These rooms know records only as lines, not how they are encoded. */
    private static final Set<String> KNOW_ONLY_LINES = Set.of("journal", "upload");

    private final JavaClasses classes =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages(ROOT);

    private static String room(JavaClass type) {
        return type.getPackageName().substring(ROOT.length()).replaceFirst("^\\.(internal\\.)?", "");
    }

    private static boolean isAllowed(JavaClass from, JavaClass to) {
        String room = room(from);
        if (room(to).equals(room)) {
            return true;
        }
        return MAY_KNOW.get(room).contains(room(to))
                && !(KNOW_ONLY_LINES.contains(room)
                        && room(to).equals("record")
                        && !to.getName().equals(LineFormat.class.getName()));
    }

    @Test
    void everyRoomKnowsOnlyTheRoomsItMayKnow() {
        ArchCondition<JavaClass> knowOnlyWhatTheyMay = new ArchCondition<>("know only the rooms they may know") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    JavaClass to = dependency.getTargetClass().getBaseComponentType();
                    if (to.getPackageName().startsWith(ROOT)) {
                        events.add(new SimpleConditionEvent(type, isAllowed(type, to), dependency.getDescription()));
                    }
                }
            }
        };
        classes().should(knowOnlyWhatTheyMay).check(classes);
    }

    @Test
    void thereIsNoOtherRoom() {
        assertThat(classes.stream().map(RoomsTest::room).collect(toSet())).isEqualTo(MAY_KNOW.keySet());
    }

    @Test
    void noClassesDependOnEachOtherInACycle() {
        SliceAssignment byTopLevelClass = new SliceAssignment() {
            @Override
            public String getDescription() {
                return "top-level classes";
            }

            @Override
            public SliceIdentifier getIdentifierOf(JavaClass type) {
                String name = type.getName();
                int nested = name.indexOf('$');
                return SliceIdentifier.of(nested < 0 ? name : name.substring(0, nested));
            }
        };
        slices().assignedFrom(byTopLevelClass).should().beFreeOfCycles().check(classes);
    }

    /** Code elsewhere could forget that a session's directory can contain anything, such as a pipe. */
    @Test
    void onlyIoOpensFiles() {
        Set<String> opening =
                Set.of("newInputStream", "newOutputStream", "newByteChannel", "readAllBytes", "readString");
        DescribedPredicate<JavaCall<?>> opensAFile = DescribedPredicate.describe("open a file", call -> {
            JavaClass owner = call.getTargetOwner();
            boolean constructs = call.getName().equals("<init>")
                    && (owner.isEquivalentTo(RandomAccessFile.class)
                            || owner.isEquivalentTo(FileInputStream.class)
                            || owner.isEquivalentTo(FileOutputStream.class));
            return constructs
                    || owner.isEquivalentTo(FileChannel.class) && call.getName().equals("open")
                    || owner.isEquivalentTo(Files.class) && opening.contains(call.getName());
        });
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".internal.io", ROOT + ".testing") // reads what it wrote itself
                .and()
                .doNotHaveSimpleName("LogFile") // is a FileOutputStream, and checks by itself
                .should()
                .callCodeUnitWhere(opensAFile)
                .check(classes);
    }
}
