package ai.dreamlake.logback.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two applications that one Tomcat deploys and undeploys, each with its own copy of this library and of Logback. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class RedeployTest {

    private static final int ROUNDS = 20;

    private static final String WEB_XML = """
            <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
              <filter>
                <filter-name>dreamlake</filter-name>
                <filter-class>ai.dreamlake.logback.servlet.DreamlakeSessionFilter</filter-class>
                <async-supported>true</async-supported>
                <init-param>
                  <param-name>header</param-name>
                  <param-value>X-Experiment</param-value>
                </init-param>
              </filter>
              <filter-mapping>
                <filter-name>dreamlake</filter-name>
                <url-pattern>/*</url-pattern>
                <dispatcher>REQUEST</dispatcher>
                <dispatcher>ASYNC</dispatcher>
                <dispatcher>ERROR</dispatcher>
              </filter-mapping>
              <listener>
                <listener-class>ai.dreamlake.logback.servlet.DreamlakeSessionListener</listener-class>
              </listener>
              <servlet>
                <servlet-name>logging</servlet-name>
                <servlet-class>ai.dreamlake.logback.servlet.RedeployedServlet</servlet-class>
              </servlet>
              <servlet-mapping>
                <servlet-name>logging</servlet-name>
                <url-pattern>/*</url-pattern>
              </servlet-mapping>
            </web-app>
            """;

    private static final String LOGBACK_XML = """
            <configuration>
              <appender name="DREAMLAKE" class="ai.dreamlake.logback.DreamlakeAppender">
                <workspace>project</workspace>
                %s
              </appender>
              <root level="INFO"><appender-ref ref="DREAMLAKE"/></root>
            </configuration>
            """;

    @TempDir
    Path directory;

    private static Path classes(Class<?> one) throws URISyntaxException {
        return Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static Stream<Path> jars(String... names) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> Arrays.stream(names)
                        .anyMatch(name -> entry.getFileName().toString().startsWith(name)));
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
    }

    private static void copyClasses(Class<?> top, Path to) throws Exception {
        Path inside = Path.of(top.getPackageName().replace('.', '/'));
        Path copy = Files.createDirectories(to.resolve(inside));
        try (Stream<Path> files = Files.list(classes(top).resolve(inside))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.equals(top.getSimpleName() + ".class") || name.startsWith(top.getSimpleName() + "$")) {
                    Files.copy(file, copy.resolve(name));
                }
            }
        }
    }

    private Path application(String name, String properties) throws Exception {
        Path application = directory.resolve("applications").resolve(name);
        Path inside = Files.createDirectories(application.resolve("WEB-INF"));
        Files.writeString(inside.resolve("web.xml"), WEB_XML);
        copyTree(classes(DreamlakeAppender.class), inside.resolve("classes"));
        copyClasses(RedeployedServlet.class, inside.resolve("classes"));
        Files.writeString(inside.resolve("classes/logback.xml"), LOGBACK_XML.formatted(properties));
        Path libraries = Files.createDirectory(inside.resolve("lib"));
        List<Path> jars = jars("slf4j-api-", "logback-c", "jackson-", "okhttp-jvm-", "okio-jvm-", "kotlin-stdlib-")
                .toList();
        assertThat(jars).hasSizeGreaterThanOrEqualTo(9);
        for (Path jar : jars) {
            Files.copy(jar, libraries.resolve(jar.getFileName()));
        }
        return application;
    }

    @Test
    void applicationsThatAreUndeployedLeaveNoClassLoaderNoThreadAndNoFile() throws Exception {
        Path local = directory.resolve("applications/sessions");
        Path launcher = directory.resolve("launcher");
        copyClasses(RedeployingServer.class, launcher);
        String classPath = launcher
                + File.pathSeparator
                + String.join(
                        File.pathSeparator, jars("tomcat-").map(Path::toString).toList());
        try (FakeDreamlake server = FakeDreamlake.start()) {
            Path first = application("local", "<localPath>" + local + "</localPath>");
            Path second = application(
                    "remote",
                    "<remote>" + server.url() + "</remote><apiKey>" + FakeDreamlake.TOKEN
                            + "</apiKey><upload><spoolPath>" + directory.resolve("applications/spool")
                            + "</spoolPath></upload>");
            List<String> printed;
            try (ChildJvm child = ChildJvm.with(
                    List.of("-cp", classPath),
                    Map.of(),
                    RedeployingServer.class,
                    directory.resolve("tomcat"),
                    ROUNDS,
                    first,
                    second)) {
                printed = child.remainingLines();
            }
            assertThat(printed).containsExactly("[]");
            List<String> expected =
                    IntStream.range(0, ROUNDS).mapToObj(round -> "/" + round).toList();
            assertThat(SessionOnDisk.of(local, "project", "web").messages()).isEqualTo(expected);
            assertThat(server.messages("project/web")).isEqualTo(expected);
        }
    }
}
