/**
 * What the server stores, and how it is queried: {@link ai.dreamlake.server.store.LogStore} for sessions and their
 * records, {@link ai.dreamlake.server.store.RunStore} for the other parts of a run. This package knows nothing of HTTP.
 * Only its subpackages know a database.
 */
package ai.dreamlake.server.store;
