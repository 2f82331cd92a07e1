// The calls of the server.

/** How far the server's clock is ahead of this machine's, in milliseconds. */
let clockDifference = 0;

/** An error answer of the server, with a message for the user. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Whether a request was cancelled because its result is no longer needed. That is not an error. */
export const isOutOfDate = failure => failure?.name === 'AbortError';

/** The server's time in milliseconds. */
export const now = () => Date.now() + clockDifference;

async function call(path, options, parse = JSON.parse) {
  let answer;
  let body;
  try {
    answer = await fetch(path, options);
    body = await answer.text();
  } catch (failure) {
    throw isOutOfDate(failure) ? failure : new Refused(0, 'The server cannot be reached.');
  }
  const date = Date.parse(answer.headers.get('Date'));
  if (date) clockDifference = date - Date.now();
  if (!answer.ok) {
    let message = `The server answered ${answer.status}.`;
    try {
      message = JSON.parse(body).error ?? message;
    } catch {
      // Not JSON, so the answer is an error page of a proxy.
    }
    throw new Refused(answer.status, message);
  }
  return body === '' ? null : parse(body);
}

/** Parses JSON and keeps integers of any size exact, if the browser supports that. */
export function exactly(body) {
  const isUnsafe = (value, source) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
  return JSON.rawJSON === undefined ? JSON.parse(body)
      : JSON.parse(body, (name, value, {source}) => isUnsafe(value, source) ? BigInt(source) : value);
}

const of = id => `/sessions/${encodeURIComponent(id)}`;
const json = body => ({headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});

export const whoIsSignedIn = () => call('/sign-in');
export const signIn = credential => call('/sign-in', {method: 'POST', ...json(credential)});
export const signOut = () => call('/sign-in', {method: 'DELETE'});

export const sessions = async () => (await call('/sessions')).sessions;
export const session = (id, signal) => call(of(id), {signal});

/** Records; see openapi.yaml for the parameters. */
export const logs = (id, parameters, signal) => call(`${of(id)}/logs?${parameters}`, {signal}, exactly);
export const histogram = (id, parameters, signal) => call(`${of(id)}/histogram?${parameters}`, {signal});
/** @param range {from, to} in the server's format; empty for the whole line */
export const series = (id, name, x, range, signal) =>
    call(`${of(id)}/series?${new URLSearchParams({name, x, points: 1000, ...range})}`, {signal});

/** Null if there are none. */
export const parameters = (id, signal) => call(`${of(id)}/parameters`, {signal}).then(answer => answer.data, noneIf404);
export const tracks = async (id, signal) => (await call(`${of(id)}/tracks`, {signal})).tracks;
export const files = async (id, signal) => (await call(`${of(id)}/files`, {signal})).files;
export async function trackPoint(id, name, index, signal) {
  const path = `${of(id)}/tracks/${encodeURIComponent(name)}/data?startIndex=${index}&limit=1`;
  return (await call(path, {signal}, exactly)).data[0];
}

export const downloadOf = (id, file) => `${of(id)}/files/${encodeURIComponent(file)}/download`;
export const exportOf = (id, parameters) => `${of(id)}/export?${parameters}`;
export const streamOf = (id, after) => `${of(id)}/logs/stream?after=${after}`;

function noneIf404(failure) {
  if (failure.status === 404) return null;
  throw failure;
}
