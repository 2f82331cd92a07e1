// The filters of the log: fields to set them, and the matching query parameters of the server. The address keeps
// them.

import * as address from './address.js';
import * as api from './api.js';
import {byId, debounced, make, menu} from './dom.js';
import * as format from './format.js';

const TYPING_MILLIS = 300;

/** The filter parts of the address, all of them unset. */
export const NONE = {level: null, text: null, from: null, to: null, where: null, after: null, before: null};

const CONDITION = /^\s*(.+?)\s*(>=|<=|!=|>|<|=)\s*(.*?)\s*$/;

/** A condition in the server's format; null if the text is not one. */
export function condition(text) {
  const [, name, operator, value] = text.match(CONDITION) ?? [];
  return name && value ? name + operator + value : null;
}

/** The server's query parameters for a view. */
export function query(view) {
  const parameters = new URLSearchParams();
  if (view.level?.length) parameters.set('level', view.level.join(','));
  if (view.text) parameters.set('search', view.text);
  if (view.from) parameters.set('startTime', view.from);
  if (view.to) parameters.set('endTime', view.to);
  if (view.after) parameters.set('after', view.after);
  if (view.before) parameters.set('before', view.before);
  for (const where of view.where ?? []) parameters.append('where', where);
  return parameters;
}

/** For a field that shows local time: this page puts UTC into it, and says so. */
const toField = iso => iso ? iso.replace('Z', '').slice(0, 23) : '';
const fromField = text => text ? new Date(text + 'Z').toISOString() : null;

export class Filters {

  #id = null;
  #isTyping = false;      // the field's text is not in the address yet
  #levels = new Map();
  #whole = make('span', {class: 'soft', id: 'counts-of', hidden: true}, 'whole run:');
  #text = make('input', {id: 'search', type: 'search', placeholder: 'Search messages  /',
    'aria-label': 'Search messages', spellcheck: 'false'});
  #where = make('input', {id: 'where-input', list: 'metric-names', placeholder: 'loss>0.5 ⏎',
    'aria-label': 'Add a condition on metadata, such as loss>0.5', spellcheck: 'false', autocomplete: 'off'});
  #names = make('datalist', {id: 'metric-names'});
  #from = make('input', {id: 'from', type: 'datetime-local', step: '0.001'});
  #to = make('input', {id: 'to', type: 'datetime-local', step: '0.001'});
  #time = make('summary', {});
  #chips = make('span', {class: 'chips'});
  #jsonl = make('a', {download: true}, 'JSONL');
  #csv = make('a', {download: true}, 'CSV');
  #clear = make('button', {id: 'clear-filters', type: 'button', onclick: () => address.change(NONE, true)},
      'Clear filters');
  #count = make('span', {id: 'hits', class: 'soft', role: 'status'});

  constructor() {
    for (const level of format.LEVELS) {
      this.#levels.set(level, make('button', {type: 'button', class: 'level-chip ' + level, 'data-level': level,
        onclick: () => this.#toggle(level)}));
    }
    byId('filters').append(
        make('div', {class: 'bar'}, this.#text, this.#where, this.#names,
            menu({id: 'time-filter'}, this.#time,
                make('label', {}, 'from ', this.#from), make('label', {}, 'to ', this.#to),
                make('button', {type: 'button', onclick: () => address.change({from: null, to: null}, true)}, 'All times')),
            menu({id: 'export', class: 'right'}, make('summary', {}, 'Export'),
                make('p', {class: 'soft'}, 'The filtered records, as'), this.#jsonl, this.#csv)),
        make('div', {class: 'bar'},
            make('span', {class: 'level-chips', role: 'group', 'aria-label': 'Levels'}, this.#whole, ...this.#levels.values()),
            this.#chips, this.#clear, this.#count));
    byId('filters').onsubmit = event => event.preventDefault();
    this.#text.oninput = () => {
      this.#isTyping = true;
      this.#typed(this.#id);
    };
    this.#where.addEventListener('keydown', event => event.key === 'Enter' && this.#add());
    this.#from.onchange = this.#to.onchange = () => this.#setTime();
  }

  /** @param run the run when the user typed; another one may be shown when this is called */
  #typed = debounced(TYPING_MILLIS, run => {
    this.#isTyping = false;
    const isFirst = (address.view().text ?? '') === '';      // so "back" returns to the view before the search
    if (run === address.view().run) address.change({text: this.#text.value}, isFirst);
  });

  /** Shows another run, or new counts of the same one. */
  describe(session) {
    this.#id = session.id;
    for (const [level, button] of this.#levels) {
      const count = session.levelCounts[level] ?? 0;
      const label = `${level} ${count === 0 ? '' : format.count(count)}`.trim();
      if (button.textContent !== label) button.textContent = label;
    }
    const names = Object.keys(session.metrics);
    if (this.#names.children.length !== names.length) {
      this.#names.replaceChildren(...names.map(name => make('option', {value: name + '>'})));
    }
  }

  show(view) {
    for (const [level, button] of this.#levels) {
      button.setAttribute('aria-pressed', view.level?.includes(level) ?? false);
    }
    byId('filters').classList.toggle('has-level', (view.level?.length ?? 0) > 0);
    if (!this.#isTyping && this.#text.value !== (view.text ?? '')) this.#text.value = view.text ?? '';
    this.#whole.hidden = !view.from && !view.to;      // counts by level ignore the time filter
    this.#from.value = toField(view.from);
    this.#to.value = toField(view.to);
    const short = (iso, otherwise) => iso ? format.time(iso).slice(5, 19) : otherwise;
    this.#time.textContent = view.from || view.to ? `${short(view.from, '…')} – ${short(view.to, 'now')}`
        : 'All times';
    this.#time.classList.toggle('is-set', Boolean(view.from || view.to));
    this.#chips.replaceChildren(...(view.where ?? []).map((where, i) =>
        this.#chip(where, () => address.change({where: view.where.filter((one, j) => j !== i)}, true))));
    if (view.after || view.before) {
      const [first, last] = [Number(view.after ?? -1) + 1, view.before ? Number(view.before) - 1 : '…'];
      this.#chips.append(this.#chip(`records ${first}–${last}`, () => address.change({after: null, before: null}, true)));
    }
    const parameters = query(view);
    this.#clear.hidden = parameters.size === 0;
    this.#jsonl.href = api.exportOf(view.run, new URLSearchParams([['format', 'jsonl'], ...parameters]));
    this.#csv.href = api.exportOf(view.run, new URLSearchParams([['format', 'csv'], ...parameters]));
  }

  /** Shows how many records match, and how many there are in all. */
  count(shown, all, isCounted, hasFailed) {
    this.#count.textContent = hasFailed ? '' : !isCounted ? 'counting …'
        : shown === all ? format.counted(all, 'record') : `${format.count(shown)} of ${format.counted(all, 'record')}`;
  }

  focus() {
    this.#text.focus();
    this.#text.select();
  }

  #chip(label, onRemove) {
    return make('span', {class: 'chip'}, label,
        make('button', {type: 'button', 'aria-label': 'Remove ' + label, onclick: onRemove}, '×'));
  }

  #toggle(level) {
    const levels = address.view().level ?? [];
    address.change({level: format.LEVELS.filter(one => levels.includes(one) !== (one === level))}, true);
  }

  #add() {
    const wanted = condition(this.#where.value);
    const isFine = wanted || this.#where.value === '';
    this.#where.setCustomValidity(isFine ? '' : 'A name, one of > >= < <= = !=, and a value: loss>0.5');
    if (wanted) {
      this.#where.value = '';
      address.change({where: [...(address.view().where ?? []).filter(one => one !== wanted), wanted]}, true);
    } else {
      this.#where.reportValidity();
      setTimeout(() => this.#where.setCustomValidity(''), 2000);
    }
  }

  #setTime() {
    address.change({from: fromField(this.#from.value), to: fromField(this.#to.value)}, true);
  }
}
