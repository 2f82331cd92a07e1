// Whether a run is live, has ended, or has died.

import * as api from './api.js';

const LIVE_MILLIS = 60_000;

/** Number of records that may come after the last fatal one, while a program shuts down. */
const LAST_WORDS = 2;

/**
 * The last fatal record of each session that has one: {fatals, number, isCrash}. fatals is the number of fatal
 * records by then.
 */
const lastFatals = new Map();

export const isLive = session => session.lastLogAt !== null && api.now() - Date.parse(session.lastLogAt) < LIVE_MILLIS;

/** The state as far as it is known: see {@link askForFatal}. */
export function stateOf(session) {
  const fatal = session.levelCounts.fatal ? lastFatals.get(session.id) : undefined;
  const isAtEnd = fatal && fatal.number >= session.nextSequenceNumber - 1 - LAST_WORDS;
  if (isAtEnd) return 'died';
  if (isLive(session)) return 'live';
  return fatal?.isCrash ? 'died' : session.lastLogAt === null ? 'empty' : 'ended';
}

/** Loads the last fatal record, if there is a new one. Returns true if the state may have changed. */
export async function askForFatal(session) {
  const fatals = session.levelCounts.fatal ?? 0;
  if (fatals === 0 || lastFatals.get(session.id)?.fatals === fatals) {
    return false;
  }
  const page = await api.logs(session.id, new URLSearchParams({level: 'fatal', limit: 1, order: 'desc'}));
  const record = page.logs[0];
  lastFatals.set(session.id, {
    fatals,
    number: record?.sequenceNumber ?? -1,
    isCrash: record?.metadata?.dreamlake_crash !== undefined,
  });
  return true;
}
