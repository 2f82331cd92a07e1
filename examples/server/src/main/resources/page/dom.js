// Elements, made without HTML: what a run's log says is text here, whatever it contains.

/**
 * An element.
 *
 * @param properties attributes by their names; `class`; functions under `onclick` and the like. What is null, undefined
 *   or false is left out
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

/** Calls once nothing was asked for any more for a while. */
export function debounced(millis, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), millis);
  };
}

/** Whether keys that are pressed are meant for a field. */
export function isTyping(event) {
  return event.target.closest?.('input:not([type=checkbox]):not([type=range]), select, textarea') !== null;
}

/** A menu that opens below its button; it closes at Escape, and when something else is clicked. */
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
