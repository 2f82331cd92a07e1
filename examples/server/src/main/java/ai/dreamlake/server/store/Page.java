package ai.dreamlake.server.store;

import java.util.List;

/**
 * A part of a result.
 *
 * @param items as many as requested; fewer if they are large (some megabytes together), but at least one if there is
 *     one
 * @param hasMore whether there are more after them
 */
public record Page<T>(List<T> items, boolean hasMore) {}
