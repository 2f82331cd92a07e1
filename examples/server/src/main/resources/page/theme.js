// Light or dark: as the system says, or as the user has chosen here.

import {make} from './dom.js';

const CHOICES = ['system', 'light', 'dark'];
const LABELS = {system: ['◐', 'Auto'], light: ['☀', 'Light'], dark: ['☾', 'Dark']};
const KEY = 'dreamlake-theme';
const changed = new EventTarget();

let chosen = CHOICES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : 'system';
apply();

function apply() {
  document.documentElement.dataset.theme = chosen;
  changed.dispatchEvent(new Event('change'));
}

/**
 * Registers a call for when colours have changed, for things that are painted rather than styled. Returns a function
 * that unregisters it.
 */
export function onTheme(listener) {
  changed.addEventListener('change', listener);
  return () => changed.removeEventListener('change', listener);
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);

/** Makes a button cycle through the choices. */
export function themeButton(button) {
  const label = () => {
    const [sign, word] = LABELS[chosen];
    button.replaceChildren(sign, make('span', {class: 'word'}, ' ' + word));
    button.setAttribute('aria-label', `Colours: ${chosen}`);
    button.title = 'Colours: as the system has them, light, or dark';
  };
  button.onclick = () => {
    chosen = CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length];
    localStorage.setItem(KEY, chosen);
    apply();
    label();
  };
  label();
}

let probe;

/** The current value of a custom property such as '--accent', as a colour. */
export function colour(property) {
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), {hidden: true}));
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}
