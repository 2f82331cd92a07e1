package ai.dreamlake.server.store;

import java.util.List;

/**
 * Some of what was asked for.
 *
 * @param items as many as were asked for, or fewer where they are large (some megabytes together), but at least one if
 *     there is one
 * @param hasMore whether there are more behind them
 */
public record Page<T>(List<T> items, boolean hasMore) {}
