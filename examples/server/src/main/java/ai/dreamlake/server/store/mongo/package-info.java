/**
 * The store in MongoDB, or in a database that speaks its protocol. Other packages use only
 * {@link ai.dreamlake.server.store.mongo.MongoStore}.
 *
 * <p>It relies only on what the databases that imitate MongoDB also have: atomic changes of single documents, and
 * unique indexes. It uses no transactions, no pipeline updates and no change streams.
 */
package ai.dreamlake.server.store.mongo;
