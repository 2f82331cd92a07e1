package ai.dreamlake.logback.servlet;

import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.core.JreMemoryLeakPreventionListener;
import org.apache.catalina.loader.WebappClassLoaderBase;
import org.apache.catalina.startup.Tomcat;

/**
 * A Tomcat in its own JVM that deploys applications repeatedly, and prints what is left of them afterwards. It does not
 * have this library, which each application brings along.
 */
final class RedeployingServer {

    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(4);

    private final Tomcat tomcat = new Tomcat();
    private final List<Path> applications;
    private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();

    private RedeployingServer(Path directory, List<Path> applications) throws Exception {
        this.applications = applications;
        Logger.getLogger("org.apache").setLevel(Level.OFF);
        // As in every server.xml. Otherwise the JDK keeps jars open that were read by a URL.
        tomcat.getServer().addLifecycleListener(new JreMemoryLeakPreventionListener());
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.setAddDefaultWebXmlToWebapp(false);
        tomcat.start();
    }

    /**
     * @param arguments a directory for Tomcat, how often the applications are deployed, and the directories of these,
     *     which lie in one that has all that they may open
     */
    public static void main(String[] arguments) throws Exception {
        List<Path> applications = new ArrayList<>();
        for (int i = 2; i < arguments.length; i++) {
            applications.add(Path.of(arguments[i]));
        }
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            // OkHttp's may: an application server lets them load no class after the application has gone.
            if (thread.getName().startsWith("dreamlake")) {
                System.out.println(thread.getName() + " has died of " + failure);
            }
        });
        RedeployingServer server = new RedeployingServer(Path.of(arguments[0]), applications);
        int rounds = Integer.parseInt(arguments[1]);
        for (int round = 0; round < rounds; round++) {
            server.redeploy("/" + round + (round == rounds - 1 ? "?delivered" : ""));
        }
        server.awaitNothingLeft();
        System.out.println(server.left());
        System.exit(0);
    }

    private void redeploy(String path) throws Exception {
        List<Context> deployed = new ArrayList<>();
        for (Path application : applications) {
            Context context = tomcat.addWebapp("/" + application.getFileName(), application.toString());
            loaders.add(new WeakReference<>(context.getLoader().getClassLoader()));
            deployed.add(context);
        }
        for (Context context : deployed) {
            int status = get(context.getPath() + path);
            if (status != 200) {
                System.out.println(context.getPath() + path + " answers " + status);
            }
        }
        for (Context context : deployed) {
            tomcat.getHost().removeChild(context);
        }
    }

    private int get(String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path)
                        .toURL()
                        .openConnection();
        connection.setRequestProperty("X-Experiment", "web");
        connection.setRequestProperty("Connection", "close");
        return connection.getResponseCode();
    }

    private void awaitNothingLeft() throws IOException {
        long start = System.nanoTime();
        while (!left().isEmpty() && System.nanoTime() - start < PATIENCE_NANOS) {
            System.gc();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
        }
    }

    /** Describes what the applications have left. */
    private List<String> left() throws IOException {
        List<String> left = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getContextClassLoader() instanceof WebappClassLoaderBase
                    || thread.getClass().getClassLoader() instanceof WebappClassLoaderBase) {
                left.add("thread " + thread.getName());
            }
        }
        long alive = loaders.stream()
                .map(Reference::get)
                .filter(loader -> loader != null)
                .count();
        if (alive > 0) {
            left.add(alive + " class loaders");
        }
        for (String file : openFiles()) {
            if (file.startsWith(applications.get(0).getParent().toString())) {
                left.add("file " + file);
            }
        }
        return left;
    }

    private static TreeSet<String> openFiles() throws IOException {
        TreeSet<String> files = new TreeSet<>();
        Path descriptors = Path.of("/proc/self/fd");
        if (Files.isDirectory(descriptors)) {
            try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
                for (Path descriptor : open) {
                    try {
                        files.add(Files.readSymbolicLink(descriptor).toString());
                    } catch (NoSuchFileException closedMeanwhile) {
                        // For example the descriptor of the directory.
                    }
                }
            }
        }
        return files;
    }
}
