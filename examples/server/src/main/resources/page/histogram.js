// How many records of each level there were over time. Dragging over a range, or clicking a bar, filters by that
// time.

import * as address from './address.js';
import {make} from './dom.js';
import * as format from './format.js';

const WIDTH = 1000;
const HEIGHT = 44;
const DRAG_PIXELS = 4;
const DAY_MILLIS = 86_400_000;

/** Levels from the bottom of a bar to its top: the most severe are on top, where they are easy to see. */
const STACK = ['debug', 'info', 'warn', 'error', 'fatal'];

function shape(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}

export class Histogram {

  #data = null;
  #svg = shape('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img'});
  #selection = shape('rect', {class: 'selection', y: 0, height: HEIGHT, width: 0});
  #labels = make('div', {class: 'labels'});
  #reset = make('button', {type: 'button', class: 'quiet', hidden: true,
    onclick: () => address.change({from: null, to: null}, true)}, 'All times');
  #tip = make('div', {class: 'tip', hidden: true});
  #parent;
  #dragged = null;

  constructor(parent) {
    this.#parent = parent;
    parent.append(this.#svg, this.#tip, this.#labels);
    this.#svg.addEventListener('pointerdown', event => this.#down(event));
    this.#svg.addEventListener('pointermove', event => this.#move(event));
    this.#svg.addEventListener('pointerleave', () => { this.#tip.hidden = true; });
    this.#svg.addEventListener('pointerup', event => this.#up(event));
    this.#svg.addEventListener('pointercancel', () => this.#drop());
    this.#svg.addEventListener('dblclick', () => address.change({from: null, to: null}, true));
  }

  /** @param data the server's answer; null while there is none */
  show(data) {
    this.#data = data?.buckets.length ? data : null;
    this.#parent.classList.toggle('is-empty', !this.#data);
    if (!this.#data) {
      this.#svg.replaceChildren();
      this.#labels.replaceChildren();
      return;
    }
    const {buckets} = this.#data;
    const total = counts => Object.values(counts).reduce((sum, one) => sum + one, 0);
    const most = Math.max(1, ...buckets.map(({counts}) => total(counts)));
    const width = WIDTH / buckets.length;
    this.#svg.replaceChildren(...buckets.flatMap(({start, counts}, i) => {
      let y = HEIGHT;
      const bars = STACK.filter(level => counts[level] > 0).map(level => {
        // Even a single record must be visible: people look for one error among thousands of records.
        const height = Math.min(y, Math.max(1.5, counts[level] / most * (HEIGHT - 2)));
        y -= height;
        return shape('rect', {class: level, x: i * width, y, width: width - 1, height});
      });
      if (bars.length === 0) return [];
      const title = [format.time(start).slice(0, 19), ...STACK.filter(level => counts[level] > 0)
          .map(level => `${level} ${format.count(counts[level])}`)].join('\n');
      const all = shape('rect', {class: 'bar-area', 'data-tip': title, x: i * width, y: 0, width, height: HEIGHT});
      return [...bars, all];
    }), this.#selection);
    const view = address.view();
    this.#reset.hidden = !view.from && !view.to;
    const [from, to] = [format.time(this.#data.from), format.time(this.#data.to)];
    this.#labels.replaceChildren(make('span', {}, from.slice(0, 19)), this.#tick(0.25),
        this.#reset.hidden ? this.#tick(0.5) : this.#reset, this.#tick(0.75), make('span', {}, to.slice(0, 19)));
    this.#svg.setAttribute('aria-label', `Records over time, from ${from} to ${to}; `
        + `at most ${format.count(most)} in one of ${buckets.length} parts`);
  }

  #share(event) {
    const {left, width} = this.#svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  }

  #time(share) {
    const [from, to] = [Date.parse(this.#data.from), Date.parse(this.#data.to)];
    return from + share * (to - from);
  }

  /** The time at a place on the axis; with the date if the axis spans several days. */
  #tick(share) {
    const time = format.time(new Date(this.#time(share)).toISOString());
    const isLong = this.#time(1) - this.#time(0) > DAY_MILLIS;
    return make('span', {class: 'tick'}, isLong ? time.slice(0, 16) : time.slice(11, 19));
  }

  #down(event) {
    if (!this.#data || event.button !== 0) return;
    this.#dragged = {from: this.#share(event), x: event.clientX};
    this.#svg.setPointerCapture(event.pointerId);
  }

  #move(event) {
    this.#point(event);
    if (!this.#dragged) return;
    const [from, to] = [this.#dragged.from, this.#share(event)].sort((one, other) => one - other);
    this.#selection.setAttribute('x', from * WIDTH);
    this.#selection.setAttribute('width', (to - from) * WIDTH);
  }

  /** Shows the counts under the pointer. */
  #point(event) {
    const text = this.#data && event.target.dataset.tip;
    this.#tip.hidden = !text;
    if (!text) return;
    this.#tip.textContent = text;
    const {left, width} = this.#svg.getBoundingClientRect();
    const at = event.clientX - left;
    this.#tip.style.left = `${Math.max(0, Math.min(at + 24, width - this.#tip.offsetWidth))}px`;
  }

  #up(event) {
    if (!this.#dragged) return;
    let [from, to] = [this.#dragged.from, this.#share(event)].sort((one, other) => one - other);
    if (Math.abs(event.clientX - this.#dragged.x) < DRAG_PIXELS) {
      const {buckets} = this.#data;
      const bucket = Math.min(buckets.length - 1, Math.floor(from * buckets.length));
      [from, to] = [bucket / buckets.length, (bucket + 1) / buckets.length];
    }
    this.#drop();
    const [start, end] = [Math.floor(this.#time(from)), Math.floor(this.#time(to)) + 1];      // whole milliseconds
    if (end > start) address.change({from: new Date(start).toISOString(), to: new Date(end).toISOString()}, true);
  }

  #drop() {
    this.#dragged = null;
    this.#selection.setAttribute('width', 0);
  }
}
