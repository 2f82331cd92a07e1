package ai.dreamlake.server.store;

import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * A record in the store: what the client sent, with its number.
 *
 * @param number its number in its session, from 0
 * @param timestamp in microseconds
 * @param metadata an object equal to the one that was sent, in the same order; null if there was none
 * @param createdAt when it was stored, in milliseconds
 */
public record StoredRecord(
        long number, Instant timestamp, Level level, String message, JsonNode metadata, Instant createdAt) {}
