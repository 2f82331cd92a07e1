// Creates elements without HTML, so that a run's log stays text, whatever it contains.

/**
 * Creates an element.
 *
 * @param properties attributes by name; `class`; functions under `onclick` and the like. Null, undefined and false
 * are left out
 * @param children elements and texts
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === 'function') {
      element[name] = value;
    } else if (name === 'class') {
      element.className = value;
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const byId = id => document.getElementById(id);

/** Calls once there was no further request for a while. */
export function debounced(millis, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), millis);
  };
}

/** Whether a key press is meant for an input field. */
export function isTyping(event) {
  return event.target.closest?.('input:not([type=checkbox]):not([type=range]), select, textarea') !== null;
}

/** A menu that opens below its button. It closes on Escape, or when something else is clicked. */
export function menu(properties, summary, ...children) {
  const details = make('details', {...properties, class: 'menu ' + (properties.class ?? '')},
      summary, make('div', {class: 'menu-panel'}, ...children));
  details.addEventListener('keydown', event => {
    if (event.key === 'Escape' && details.open) {
      details.open = false;
      summary.focus();
      event.stopPropagation();
    }
  });
  document.addEventListener('click', event => {
    if (!details.contains(event.target) && event.target.isConnected) details.open = false;
  });
  return details;
}
