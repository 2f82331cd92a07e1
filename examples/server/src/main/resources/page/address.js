// The view is in the page's address, after the #, so that a link shows the same view to somebody else. Browsers do
// not send that part to the server, so search words stay out of the logs of proxies.

/** Names that may occur more than once. */
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

/** The current view: values by name, and lists for names that may occur more than once. */
export const view = () => current;

/** Registers a listener that is called with the new and the previous view. */
export const onMove = listener => listeners.push(listener);

/** The address of a view. */
export const link = view => format(view);

/**
 * Changes parts of the view. Null, empty texts and empty lists remove a part.
 *
 * @param isStep whether the browser's back button returns to the previous view
 */
export function change(some, isStep = false) {
  const address = format({...current, ...some});
  if (address === format(current)) {
    return;
  }
  history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  moved();
}

/** Replaces the view, as if a link had been clicked. */
export function go(view) {
  history.pushState(null, '', format(view));
  moved();
}

addEventListener('hashchange', () => {
  if (format(parse(location.hash)) !== format(current)) moved();
});
