/**
 * The server's HTTP calls, and the limits that keep them usable for everybody: who calls, how often, how slowly. Each
 * group of calls is a class that implements {@link ai.dreamlake.server.http.Routes};
 * {@link ai.dreamlake.server.http.Requests} has what they share. This package knows only the interface of the store.
 */
package ai.dreamlake.server.http;
