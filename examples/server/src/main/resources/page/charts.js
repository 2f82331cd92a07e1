// The charts of one or more runs: what to draw, along which axis, and how.

import * as address from './address.js';
import * as api from './api.js';
import {Chart} from './chart.js';
import {debounced, make, menu} from './dom.js';
import * as format from './format.js';
import {line, refined} from './lines.js';

const DEFAULT_METRICS = 4;
const AXES = {number: 'record', time: 'time', elapsed: 'time since start'};

/** Number of colours for runs. */
export const COLOURS = 8;

export const colourOf = index => `--run-${index % COLOURS + 1}`;

export class Charts {

  #section;
  #runs = [];
  #charts = new Map();      // by the name of the metric
  #answers = new Map();     // the server's, by run, metric and axis
  #parts = new Map();       // the same for the zoomed part
  #partsRange = '';         // the axis, from and to of all of them
  #loading = null;          // stops the requests that are under way
  #tell;
  #onRange;

  #names = make('span');
  #menu = make('div', {class: 'choices'});
  #find = make('input', {type: 'search', placeholder: 'Find a metric', 'aria-label': 'Find a metric'});
  #axis = make('select', {'aria-label': 'Horizontal axis'});
  #weight = make('input', {type: 'range', min: 0, max: 0.99, step: 0.01, 'aria-label': 'Smoothing'});
  #weightText = make('output', {class: 'soft'});
  #log = make('input', {type: 'checkbox'});
  #all = make('button', {type: 'button', hidden: true, onclick: () => this.#zoom(null)}, 'Show all');
  #narrow = make('button', {type: 'button', class: 'narrow', hidden: true, onclick: () => this.#narrowLog()},
      'Filter log to this');
  #grid = make('div', {class: 'grid'});
  #empty = make('p', {class: 'empty', hidden: true});

  /**
   * @param tell called with a failure
   * @param onRange called with an axis, from and to when the log must be filtered to the visible part; null if there
   * is no log
   */
  constructor(section, tell, onRange = null) {
    this.#section = section;
    this.#tell = tell;
    this.#onRange = onRange;
    section.classList.add('charts');
    section.append(
        make('div', {class: 'bar'},
            menu({}, make('summary', {}, this.#names), this.#find, this.#menu),
            make('label', {}, 'along ', this.#axis),
            make('label', {class: 'smoothing'}, 'smooth ', this.#weight, this.#weightText),
            make('label', {}, this.#log, ' log scale'),
            this.#all, this.#narrow),
        this.#empty, this.#grid);
    this.#axis.onchange = () =>
        address.change({x: this.#axis.value === 'number' ? null : this.#axis.value, zoom: null}, true);
    this.#weight.oninput = () => {
      this.#weightText.textContent = this.#weight.value;
      this.#smooth();
    };
    this.#log.onchange = () => address.change({log: this.#log.checked ? '1' : null}, true);
    this.#find.oninput = () => this.#filterChoices();
  }

  #smooth = debounced(100, () => address.change({smooth: this.#weight.value === '0' ? null : this.#weight.value}));

  /** @param runs {session, label, colour} each; showing the same runs again loads their new records */
  show(runs, view) {
    const ids = list => list.map(run => run.session.id).join();
    if (ids(runs) !== ids(this.#runs)) {
      this.#answers.clear();
      this.#parts.clear();
    }
    this.#runs = runs;
    this.#settings(view);
    return this.#load();
  }

  /** The runs are the same, but the drawing or the selection of metrics has changed. */
  move(view) {
    this.#settings(view);
    return this.#load();
  }

  clear() {
    this.#loading?.abort();
    this.#runs = [];
    this.#answers.clear();
    this.#parts.clear();
    this.#charts.forEach(chart => chart.close());
    this.#charts.clear();
    this.#grid.replaceChildren();
  }

  get #metrics() {
    return format.byInterest(new Set(this.#runs.flatMap(run => Object.keys(run.session.metrics))));
  }

  #settings(view) {
    const metrics = this.#metrics;
    const interesting = metrics.filter(name => !format.isCounter(name));
    const chosen = (view.metric ?? []).filter(name => metrics.includes(name));
    this.isDefault = chosen.length === 0;
    const byDefault = (interesting.length > 0 ? interesting : metrics).slice(0, DEFAULT_METRICS);
    this.chosen = this.isDefault ? byDefault : chosen;
    const zoom = view.zoom?.split('~').map(Number);
    this.settings = {
      axis: view.x ?? 'number',
      axisName: AXES[view.x ?? 'number'] ?? view.x,
      isLog: view.log === '1',
      weight: Math.min(0.99, Math.max(0, Number(view.smooth) || 0)),
      zoom: zoom?.length === 2 && zoom.every(Number.isFinite) ? zoom : null,
    };
    this.#names.textContent = `Metrics ${this.chosen.length} of ${metrics.length}`;
    this.#showChoices(metrics);
    const counters = metrics.filter(format.isCounter);
    const others = [...counters, ...metrics.filter(name => !format.isCounter(name))];
    if (!(this.settings.axis in AXES) && !others.includes(this.settings.axis)) {
      others.unshift(this.settings.axis);      // offered although no run has it yet
    }
    const options = [...Object.entries(AXES), ...others.map(name => [name, name])];
    if (JSON.stringify(options) !== this.#axis.dataset.options) {
      this.#axis.dataset.options = JSON.stringify(options);
      this.#axis.replaceChildren(...options.map(([name, label]) => make('option', {value: name}, label)));
    }
    this.#axis.value = this.settings.axis;
    this.#weight.value = this.settings.weight;
    this.#weightText.textContent = this.settings.weight || 'off';
    this.#log.checked = this.settings.isLog;
    this.#all.hidden = !this.settings.zoom;
    this.#narrow.hidden = !this.settings.zoom || !this.#onRange || !(this.settings.axis in AXES);
    this.#empty.hidden = metrics.length > 0;
    this.#empty.textContent = 'No numbers to draw: a record’s metadata may have some, such as {"train_loss": 0.5}.';
    this.#section.classList.toggle('is-empty', metrics.length === 0);
  }

  #showChoices(metrics) {
    const shown = JSON.stringify([metrics, this.chosen]);
    if (shown === this.#menu.dataset.shown) return;
    const hasSame = JSON.stringify(metrics) === this.#menu.dataset.metrics;
    this.#menu.dataset.shown = shown;
    this.#menu.dataset.metrics = JSON.stringify(metrics);
    if (hasSame) {      // not rebuilt, to keep the focus
      for (const box of this.#menu.querySelectorAll('input')) box.checked = this.chosen.includes(box.value);
      return;
    }
    this.#menu.replaceChildren(...metrics.map(name => {
      const box = make('input', {type: 'checkbox', value: name});
      box.checked = this.chosen.includes(name);
      box.onchange = () => address.change(
          {metric: metrics.filter(one => one === name ? box.checked : this.chosen.includes(one))}, true);
      return make('label', {}, box, ' ', name);
    }));
    this.#filterChoices();
  }

  #filterChoices() {
    const wanted = this.#find.value.toLowerCase();
    for (const label of this.#menu.children) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  }

  #key = (run, name) => JSON.stringify([run.session.id, name, this.settings.axis]);

  /** Requests a line again only if its run has more records than before. */
  async #load() {
    this.#loading?.abort();
    const loading = this.#loading = new AbortController();
    this.#arrange();
    this.#draw();
    const axis = this.settings.axis === 'elapsed' ? 'time' : this.settings.axis;
    const wanted = this.chosen.flatMap(name => this.#runs.map(run => [run, name])).filter(([run, name]) =>
        name in run.session.metrics
        && (this.#answers.get(this.#key(run, name))?.end ?? -1) < run.session.nextSequenceNumber);
    this.#grid.setAttribute('aria-busy', wanted.length > 0);
    try {
      await Promise.all(wanted.map(async ([run, name]) => {
        const answer = await api.series(run.session.id, name, axis, {}, loading.signal);
        if (!loading.signal.aborted) {
          this.#answers.set(this.#key(run, name), answer);
          this.#draw(name);
        }
      }));
      await this.#loadParts(axis, loading.signal);
    } catch (failure) {
      if (!api.isOutOfDate(failure)) this.#tell(failure);
    } finally {
      if (loading === this.#loading) this.#grid.setAttribute('aria-busy', false);
    }
  }

  /**
   * Loads the zoomed part with as many points as the whole line had. Along a metric, the points already there must
   * do.
   */
  async #loadParts(axis, signal) {
    const {zoom} = this.settings;
    const range = JSON.stringify([this.settings.axis, zoom]);
    if (range !== this.#partsRange) this.#parts.clear();
    this.#partsRange = range;
    if (!zoom || !(this.settings.axis in AXES)) return;
    const wanted = this.chosen.flatMap(name => this.#runs.map(run => [run, name])).filter(([run, name]) => {
      const whole = this.#answers.get(this.#key(run, name));
      const known = this.#parts.get(this.#key(run, name))?.end ?? -1;
      const isEnded = axis === 'number' && known > zoom[1];
      return whole && whole.count > whole.points.length && !isEnded && known < run.session.nextSequenceNumber;
    });
    await Promise.all(wanted.map(async ([run, name]) => {
      const asked = this.#range(run);
      if (asked === null) return;
      const answer = await api.series(run.session.id, name, axis, asked, signal);
      if (!signal.aborted) {
        this.#parts.set(this.#key(run, name), answer);
        this.#draw(name);
      }
    }));
  }

  /** The zoomed part in the server's format; null if it cannot contain records. */
  #range(run) {
    const [from, to] = this.settings.zoom;
    if (this.settings.axis === 'number') {
      return to < 0 ? null : {from: Math.max(0, Math.ceil(from)), to: Math.floor(to)};
    }
    const start = this.settings.axis === 'elapsed' ? Date.parse(run.session.firstLogAt) : 0;
    const time = millis => new Date(millis).toISOString();
    return {from: time(Math.floor(start + from * 1000)), to: time(Math.ceil(start + to * 1000))};
  }

  #line(run, name) {
    const start = Date.parse(run.session.firstLogAt);
    const whole = line(this.#answers.get(this.#key(run, name)), this.settings.axis, start);
    const part = this.#parts.get(this.#key(run, name));
    const isOfThis = part && this.#partsRange === JSON.stringify([this.settings.axis, this.settings.zoom]);
    return isOfThis ? refined(whole, line(part, this.settings.axis, start), this.settings.zoom) : whole;
  }

  #arrange() {
    for (const [name, chart] of [...this.#charts]) {
      if (!this.chosen.includes(name)) {
        chart.close();
        this.#charts.delete(name);
      }
    }
    for (const name of this.chosen) {
      if (!this.#charts.has(name)) this.#charts.set(name, new Chart(name, range => this.#zoom(range)));
    }
    const elements = this.chosen.map(name => this.#charts.get(name).element);
    if (elements.length !== this.#grid.children.length || elements.some((one, i) => one !== this.#grid.children[i])) {
      this.#grid.replaceChildren(...elements);
    }
  }

  /** @param only the name of the only metric to draw; without it, all */
  #draw(only) {
    for (const [name, chart] of this.#charts) {
      if (only !== undefined && only !== name) continue;
      const runs = this.#runs.filter(run => this.#answers.has(this.#key(run, name)));
      const isComplete = runs.length === this.#runs.filter(run => name in run.session.metrics).length;
      if (isComplete) {
        chart.show(runs.map(run => ({
          label: run.label,
          colour: run.colour,
          count: this.#answers.get(this.#key(run, name)).count,
          ...this.#line(run, name),
        })), this.settings);
      }
    }
  }

  #zoom(range) {
    address.change({zoom: range ? range.map(at => Number(at.toPrecision(13))).join('~') : null}, true);
  }

  #narrowLog() {
    this.#onRange(this.settings.axis, ...this.settings.zoom);
  }
}
