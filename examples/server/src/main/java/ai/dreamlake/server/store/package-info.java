/**
 * What the server keeps, and how it is asked for: {@link ai.dreamlake.server.store.LogStore} for sessions and their
 * records, {@link ai.dreamlake.server.store.RunStore} for what else a run has. Knows nothing of HTTP; nothing outside
 * of this package's children knows a database.
 */
package ai.dreamlake.server.store;
