// One record in full.

import {byId, make} from './dom.js';
import * as format from './format.js';

/** Longer values get no filter button. */
const MAX_CONDITION = 200;

export class RecordPanel {

  #panel = byId('record');
  #on;
  #number = null;

  /** @param on {close, around, filter}: functions for the buttons; filter is called with a condition */
  constructor(on) {
    this.#on = on;
  }

  /** The number of the record that is shown; null if there is none. */
  get number() {
    return this.#number;
  }

  show(record, isFiltered) {
    this.#number = record.sequenceNumber;
    const metadata = format.flat(record.metadata);
    const blocks = metadata.filter(([, value]) => typeof value === 'string' && value.includes('\n'));
    const rows = metadata.filter(([, value]) => !(typeof value === 'string' && value.includes('\n')));
    const whole = format.text(record);
    this.#panel.replaceChildren(...[
        make('header', {},
            make('h2', {},
                make('span', {class: 'level ' + record.level}, record.level),
                ` #${format.count(record.sequenceNumber)}`),
            make('button', {type: 'button', class: 'quiet', onclick: event => copy(event.target, whole)}, 'Copy JSON'),
            make('button', {type: 'button', class: 'quiet close', 'aria-label': 'Close', title: 'Close  Esc',
              onclick: this.#on.close}, '✕')),
        make('p', {class: 'soft'}, `${record.timestamp.replace('T', ' ').replace('Z', '')} UTC`),
        make('pre', {class: 'whole-message'}, record.message),
        isFiltered ? make('button', {type: 'button', id: 'around', onclick: this.#on.around}, 'Show in context') : null,
        ...blocks.flatMap(([name, value]) => [make('h3', {}, name), make('pre', {class: 'block'}, value)]),
        rows.length === 0 ? null : make('h3', {}, 'Metadata'),
        rows.length === 0 ? null : make('table', {class: 'metadata'},
            make('tbody', {}, ...rows.map(([name, value]) => this.#row(name, value)))),
    ].filter(part => part !== null));
    this.#panel.setAttribute('aria-label', `Record ${record.sequenceNumber}`);
    this.#panel.hidden = false;
    this.#panel.scrollTop = 0;
  }

  #row(name, value) {
    const canFilter = !/[<>=]/.test(name) && ['number', 'string', 'boolean', 'bigint'].includes(typeof value)
        && value !== '' && String(value).length <= MAX_CONDITION;
    const only = canFilter ? make('button', {type: 'button', class: 'quiet', title: 'Only records with this value',
      'aria-label': `Only records with ${name}=${value}`,
      onclick: () => this.#on.filter(equality(name, value))}, '+') : null;
    return make('tr', {}, make('th', {scope: 'row'}, name), make('td', {}, format.text(value)), make('td', {}, only));
  }

  hide() {
    this.#number = null;
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
  }
}

/** In the server's format: quotes make a text of a value that looks like a number. */
const equality = (name, value) => `${name}=${typeof value === 'string' ? `"${value}"` : value}`;

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed here';
  }
}
