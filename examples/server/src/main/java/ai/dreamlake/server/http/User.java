package ai.dreamlake.server.http;

/**
 * Whose token it is. Each user has sessions of their own.
 *
 * @param name as the token has it; null if it has none
 */
record User(String id, String name) {}
