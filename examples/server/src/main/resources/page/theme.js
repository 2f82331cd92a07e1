// Light or dark: as the system has it, or as it was chosen here.

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

/** Calls when colours have changed: for what is painted rather than styled. Gives what ends that. */
export function onTheme(listener) {
  changed.addEventListener('change', listener);
  return () => changed.removeEventListener('change', listener);
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);

/** Makes a button go through the choices. */
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

/** What a custom property of the style sheet is as a colour now, such as for '--accent'. */
export function colour(property) {
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), {hidden: true}));
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}
