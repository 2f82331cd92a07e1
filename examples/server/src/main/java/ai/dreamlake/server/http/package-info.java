/**
 * The server's calls over HTTP, and what keeps them usable by everybody: who calls, how often, how slowly. Each group
 * of calls is a class that implements {@link ai.dreamlake.server.http.Routes};
 * {@link ai.dreamlake.server.http.Requests} has what they share. Knows of the store only its interface.
 */
package ai.dreamlake.server.http;
