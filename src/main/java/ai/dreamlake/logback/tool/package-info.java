/**
 * The command line: {@code java -jar dreamlake-logback-<version>-tool.jar}.
 *
 * <p>The tool uses the library's classes for everything that the library does. It has its own jar, with everything that
 * it needs; the library's jar does not contain it. Nothing else may depend on this package.
 */
@NullMarked
package ai.dreamlake.logback.tool;

import org.jspecify.annotations.NullMarked;
