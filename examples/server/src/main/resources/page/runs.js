// The table of runs: searched and sorted. The selected runs are drawn below, in the same charts.

import * as address from './address.js';
import * as api from './api.js';
import {Charts, colourOf} from './charts.js';
import {byId, debounced, make} from './dom.js';
import * as format from './format.js';
import {askForFatal, stateOf} from './state.js';

const METRIC_COLUMNS = 3;

/** The server returns at most this many. */
const MAX_RUNS = 1000;

const errors = session => (session.levelCounts.error ?? 0) + (session.levelCounts.fatal ?? 0);

/** Each column: its label, its sort value, and its contents. */
const COLUMNS = [
  {id: 'name', label: 'Run', sort: session => session.name.toLowerCase(), show: nameCell},
  {id: 'state', label: 'State', sort: stateOf, show: session => badge(stateOf(session))},
  {id: 'seen', label: 'Last record', sort: session => session.lastLogAt ?? '', isDescending: true, show: seenCell},
  {id: 'records', label: 'Records', sort: session => session.logCount, isDescending: true, isNumber: true,
    show: session => format.count(session.logCount)},
  {id: 'errors', label: 'Errors', sort: errors, isDescending: true, isNumber: true,
    show: session => errors(session) === 0 ? '' : make('a', {class: 'errors',
      href: address.link({run: session.id, level: ['error', 'fatal']}),
      'aria-label': `${format.counted(errors(session), 'error')} of ${session.name}`}, format.count(errors(session)))},
];
const TAGS = {id: 'tags', label: 'Tags', sort: session => (session.tags ?? []).join(), show: tags};

/** A mark with a run's state. */
export const badge = state => make('span', {class: 'state ' + state}, state);

/** A run's tags as chips. */
export function tags(session) {
  return make('span', {class: 'tags'}, ...(session.tags ?? []).map(tag => make('span', {class: 'tag'}, tag)));
}

function nameCell(session) {
  const found = errors(session);
  return make('span', {class: 'run-name', 'data-errors': found > 0 && format.counted(found, 'error')},
      make('a', {href: address.link({run: session.id}), title: session.description}, session.name),
      make('span', {class: 'soft'}, session.workspace));
}

function seenCell(session) {
  const title = session.lastLogAt && format.time(session.lastLogAt) + ' UTC';
  return make('span', {title}, format.ago(session.lastLogAt, api.now()));
}

const classOf = column => `column-${column.isMetric ? 'metric' : column.id} ${column.isNumber ? 'number' : ''}`;

const metricColumn = name => ({
  id: 'metric ' + name, label: name, isNumber: true, isMetric: true,
  sort: session => name in session.metrics ? Number(session.metrics[name]) : NaN,
  show: session => name in session.metrics ? format.value(Number(session.metrics[name])) : '',
});

export class Runs {

  #sessions = null;
  #isAsking = false;       // whether it is asking for fatal records
  #rows = new Map();       // by id: {element, shown}
  #columns = [];
  #charts;
  #tell;

  constructor(tell) {
    this.#tell = tell;
    this.#charts = new Charts(byId('compare'), tell);
    byId('find-runs').oninput = debounced(150, () => address.change({find: byId('find-runs').value}));
    byId('compare-none').onclick = () => address.change({chosen: null, zoom: null});
  }

  /** Requests the runs, and shows them. */
  async load() {
    this.#sessions = await api.sessions();
    this.#show();
    this.#askForFatals().catch(this.#tell);
  }

  /** Shows another search, order or selection. */
  move(view, before) {
    if (byId('find-runs').value !== (view.find ?? '') && document.activeElement !== byId('find-runs')) {
      byId('find-runs').value = view.find ?? '';
    }
    if (this.#sessions) this.#show();
  }

  /** Forgets everything, because another user may sign in. */
  clear() {
    this.#sessions = null;
    this.#rows.clear();
    byId('runs-table').tBodies[0].replaceChildren();
    this.#charts.clear();
  }

  /** Asks for one run after the other, so that the table shows each result at once. */
  async #askForFatals() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (const session of this.#sessions) {
        if (await askForFatal(session)) this.#showSoon();
      }
    } finally {
      this.#isAsking = false;
    }
  }

  #showSoon = debounced(50, () => this.#sessions && this.#show());

  #found() {
    const words = (address.view().find ?? '').toLowerCase().split(/\s+/).filter(word => word);
    return this.#sessions.filter(session => {
      const {name, workspace, description, folder, tags} = session;
      const text = [name, workspace, description, folder, stateOf(session), ...tags ?? []].join('\n').toLowerCase();
      return words.every(word => text.includes(word));
    });
  }

  /** In the order that the address gives: the id of a column, with ! before it for the reverse order. */
  #sorted(sessions) {
    const wanted = address.view().sort ?? 'seen';
    const column = this.#columns.find(one => one.id === wanted.replace(/^!/, '')) ?? COLUMNS[2];
    const isOther = wanted.startsWith('!');
    this.#head(column, isOther);
    const way = (column.isDescending ?? false) === isOther ? 1 : -1;
    return [...sessions].sort((one, other) => {
      const [a, b] = [column.sort(one), column.sort(other)];
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);      // always last
      return a < b ? -way : a > b ? way : 0;
    });
  }

  #head(sorted, isOther) {
    const row = byId('runs-table').tHead.rows[0];
    const isDescending = (sorted.isDescending ?? false) !== isOther;
    const shown = JSON.stringify([this.#columns.map(column => column.id), sorted.id, isOther]);
    if (row.dataset.shown === shown) return;
    const focused = document.activeElement?.dataset.sort;
    row.dataset.shown = shown;
    const select = make('th', {class: 'select'}, make('span', {class: 'hidden-text'}, 'Select'));
    row.replaceChildren(select, ...this.#columns.map(column => {
      const isSorted = column === sorted;
      return make('th', {
        scope: 'col', class: classOf(column),
        'aria-sort': isSorted ? isDescending ? 'descending' : 'ascending' : null,
      }, make('button', {
        type: 'button', 'data-sort': column.id, title: 'Sort by ' + column.label,
        onclick: () => address.change({sort: isSorted && !isOther ? '!' + column.id : column.id}),
      }, column.label, isSorted ? isDescending ? ' ↓' : ' ↑' : ''));
    }));
    if (focused) row.querySelector(`[data-sort="${CSS.escape(focused)}"]`)?.focus();
  }

  #show() {
    const counts = new Map();
    for (const name of this.#sessions.flatMap(session => Object.keys(session.metrics))) {
      if (!format.isCounter(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const common = format.byInterest([...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one)));
    this.#columns = [...COLUMNS, ...common.slice(0, METRIC_COLUMNS).map(metricColumn), TAGS];

    const chosen = address.view().chosen ?? [];
    const sessions = this.#sorted(this.#found());
    const rows = sessions.map(session => this.#row(session, chosen));
    const body = byId('runs-table').tBodies[0];
    if (rows.length !== body.rows.length || rows.some((row, i) => row !== body.rows[i])) {
      body.replaceChildren(...rows);
    }
    byId('runs-table').hidden = sessions.length === 0;
    byId('runs-count').textContent = sessions.length === this.#sessions.length
        ? sessions.length < MAX_RUNS ? format.counted(sessions.length, 'run') : `the newest ${format.count(MAX_RUNS)}`
        : `${format.count(sessions.length)} of ${format.counted(this.#sessions.length, 'run')}`;
    byId('runs-empty').hidden = sessions.length > 0;
    byId('runs-empty').textContent = this.#sessions.length === 0
        ? 'No runs yet. They appear here once a program logs to this server under your name.'
        : 'No runs match the search.';
    this.#compare(chosen);
  }

  #row(session, chosen) {
    const index = chosen.indexOf(session.id);
    let row = this.#rows.get(session.id);
    if (!row) {
      const box = make('input', {type: 'checkbox', 'aria-label': 'Draw ' + session.name});
      const element = make('tr', {'data-id': session.id}, make('td', {class: 'select'}, make('label', {}, box)));
      box.onchange = () => {
        const others = (address.view().chosen ?? []).filter(id => id !== session.id);
        address.change({chosen: box.checked ? [...others, session.id] : others});
      };
      element.onclick = event => {
        if (!event.target.closest('a, input, label') && getSelection().isCollapsed) address.go({run: session.id});
      };
      row = {element, box, shown: ''};
      this.#rows.set(session.id, row);
    }
    const columns = this.#columns.map(column => column.id);
    const shown = JSON.stringify([session, stateOf(session), columns, format.ago(session.lastLogAt, api.now())]);
    if (shown !== row.shown) {
      row.shown = shown;
      while (row.element.cells.length > 1) row.element.deleteCell(1);
      for (const column of this.#columns) {
        row.element.append(make('td', {class: classOf(column)}, column.show(session)));
      }
    }
    row.box.checked = index >= 0;
    row.element.classList.toggle('is-chosen', index >= 0);
    row.element.cells[0].style.setProperty('--swatch', index >= 0 ? `var(${colourOf(index)})` : 'transparent');
    return row.element;
  }

  #compare(chosen) {
    const byIds = new Map(this.#sessions.map(session => [session.id, session]));
    const names = new Map();
    for (const id of chosen) {
      const name = byIds.get(id)?.name;
      names.set(name, (names.get(name) ?? 0) + 1);
    }
    const label = ({name, workspace}) => names.get(name) > 1 ? `${workspace}/${name}` : name;
    const runs = chosen.map((id, i) => ({session: byIds.get(id), colour: colourOf(i)}))
        .filter(run => run.session)
        .map(run => ({...run, label: label(run.session)}));
    byId('compare').hidden = runs.length === 0;
    byId('compare-none').hidden = runs.length === 0;
    if (runs.length > 0) this.#charts.show(runs, address.view());
  }
}
