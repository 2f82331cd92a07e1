package ai.dreamlake.server.store;

/** All that a server keeps. */
public interface Store extends LogStore, RunStore {}
