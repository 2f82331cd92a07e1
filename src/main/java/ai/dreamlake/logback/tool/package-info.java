/**
 * The command line: {@code java -jar dreamlake-logback-<version>-tool.jar}.
 *
 * <p>What the library does, the tool does with the library's classes. It is in a jar of its own, with all that it
 * needs; the library's jar has none of it. Nothing else may know this package.
 */
@NullMarked
package ai.dreamlake.logback.tool;

import org.jspecify.annotations.NullMarked;
