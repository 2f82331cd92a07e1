/**
 * Numbers in a session's records as a line that can be drawn, however many records there are. Knows nothing of HTTP.
 */
package ai.dreamlake.server.series;
