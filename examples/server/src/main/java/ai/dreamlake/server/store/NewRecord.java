package ai.dreamlake.server.store;

import java.time.Instant;
import tools.jackson.databind.node.ObjectNode;

/**
 * A record that a client sent, checked: its texts are whole Unicode, its time lies in the years 0 to 9999.
 *
 * @param timestamp kept to the microsecond
 * @param metadata null if there is none; not to be changed
 */
public record NewRecord(Instant timestamp, Level level, String message, ObjectNode metadata) {}
