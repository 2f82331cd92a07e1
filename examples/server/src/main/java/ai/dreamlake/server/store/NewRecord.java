package ai.dreamlake.server.store;

import java.time.Instant;
import tools.jackson.databind.node.ObjectNode;

/**
 * A record that a client sent, checked: its texts have no lone surrogates, and its time is in the years 0 to 9999.
 *
 * @param timestamp is stored in microseconds
 * @param metadata null if there is none; must not be changed
 */
public record NewRecord(Instant timestamp, Level level, String message, ObjectNode metadata) {}
