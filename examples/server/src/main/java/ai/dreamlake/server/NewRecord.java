package ai.dreamlake.server;

import java.time.Instant;
import org.bson.Document;

/**
 * A record that a client sent, checked.
 *
 * @param metadata as it is stored; null if there is none
 */
record NewRecord(Instant timestamp, String level, String message, Document metadata) {}
