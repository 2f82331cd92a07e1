/**
 * Turns a number in a session's records into a line that can be drawn, however many records there are. Knows nothing of
 * HTTP.
 */
package ai.dreamlake.server.series;
