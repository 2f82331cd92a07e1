/**
 * The store in MongoDB, or in a database that speaks its protocol. {@link ai.dreamlake.server.store.mongo.MongoStore}
 * is all that others see of it.
 *
 * <p>Only what the databases that imitate MongoDB have, too: single documents change atomically, indexes are unique,
 * and nothing more is asked for. No transactions, no updates by pipelines, no change streams.
 */
package ai.dreamlake.server.store.mongo;
