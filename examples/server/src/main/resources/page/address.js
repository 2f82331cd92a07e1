// What the page shows is said in its address, after the #, so that a link shows the same to somebody else. Nothing of
// it goes to the server by that: what one searches for stays out of the logs of proxies.

/** Names that can be there more than once. */
const LISTS = new Set(['level', 'where', 'chosen', 'metric']);

const listeners = [];
let current = parse(location.hash);

function parse(hash) {
  const view = {};
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (LISTS.has(name)) {
      (view[name] ??= []).push(value);
    } else {
      view[name] = value;
    }
  }
  return view;
}

function format(view) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    for (const one of LISTS.has(name) ? value ?? [] : [value]) {
      if (one !== undefined && one !== null && one !== '') parameters.append(name, one);
    }
  }
  return '#' + parameters;
}

function moved() {
  const before = current;
  current = parse(location.hash);
  listeners.forEach(listener => listener(current, before));
}

/** What is to be shown, by names; lists for those that can be there more than once. */
export const view = () => current;

/** Calls with the new view and the one before. */
export const onMove = listener => listeners.push(listener);

/** The address of another view. */
export const link = view => format(view);

/**
 * Changes some of the view; null and empty texts and lists take away.
 *
 * @param isStep whether the browser's button leads back to what was before
 */
export function change(some, isStep = false) {
  const address = format({...current, ...some});
  if (address === format(current)) {
    return;
  }
  history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  moved();
}

/** Another view, as if a link had been clicked. */
export function go(view) {
  history.pushState(null, '', format(view));
  moved();
}

addEventListener('hashchange', () => {
  if (format(parse(location.hash)) !== format(current)) moved();
});
