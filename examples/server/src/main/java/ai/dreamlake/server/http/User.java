package ai.dreamlake.server.http;

/**
 * The owner of a token. Each user has their own sessions.
 *
 * @param name the name in the token; null if it has none
 */
record User(String id, String name) {}
