package ai.dreamlake.logback.internal.record;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds the application's Jackson modules, which know how to write its libraries' values. Jackson finds them in the
 * same way, but fails entirely if one of them is broken.
 */
public final class JacksonModules {

    /** A ServiceLoader does not promise that its failures ever end. */
    private static final int MAX_BROKEN = 20;

    private JacksonModules() {}

    /**
     * The modules that work, each together with those before it.
     *
     * @param loader the class loader in which to look
     * @param broken receives, for each module that does not work, its name and the reason
     */
    public static List<JacksonModule> find(ClassLoader loader, Consumer<String> broken) {
        List<JacksonModule> found = new ArrayList<>();
        Iterator<JacksonModule> modules =
                ServiceLoader.load(JacksonModule.class, loader).iterator();
        int failures = 0;
        while (failures < MAX_BROKEN) {
            String name = "";
            try {
                if (!modules.hasNext()) {
                    break;
                }
                JacksonModule module = modules.next();
                name = module.getClass().getName() + ": ";
                JsonMapper.builder().addModules(found).addModule(module).build(); // some modules fail only here
                found.add(module);
            } catch (ServiceConfigurationError | LinkageError | RuntimeException failure) {
                failures++;
                broken.accept(name + describe(failure));
            }
        }
        return found;
    }

    private static String describe(Throwable failure) {
        // A ServiceConfigurationError names the module; its cause is the reason.
        return failure instanceof ServiceConfigurationError error
                ? error.getMessage() + (error.getCause() == null ? "" : " (" + error.getCause() + ")")
                : failure.toString();
    }
}
