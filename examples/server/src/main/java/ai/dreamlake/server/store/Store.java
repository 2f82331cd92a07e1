package ai.dreamlake.server.store;

/** Everything that a server stores. */
public interface Store extends LogStore, RunStore {}
