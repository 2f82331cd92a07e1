// One chart: one metric of one or more runs.

import uPlot from './lib/uPlot.js';
import {make} from './dom.js';
import * as format from './format.js';
import {columns, nearest, smooth, ticks} from './lines.js';
import {colour, onTheme} from './theme.js';

const HEIGHT = 170;

/** With more NaN or infinite values than this, their marks are paler. */
const MANY_MARKS = 12;

/** Seconds between ticks on an axis of times since the start. */
const ELAPSED_STEPS = [0.01, 0.1, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600,
  43_200, 86_400, 172_800, 604_800];

/** Maximum number of ticks on the axis of values. */
const MAX_TICKS = 5;

/** Dots are drawn if each has this much room. */
const DOT_PIXELS = 10;

const FONT = '11px system-ui, sans-serif';

export class Chart {

  #plot = null;
  #lines = [];
  #settings = null;
  #shape = '';
  #legend = [];
  #at = make('span', {class: 'soft at'});
  #value = make('span');
  #note = make('p', {class: 'note', hidden: true});
  #area = make('div', {class: 'plot', role: 'img'});
  #list = make('ul', {class: 'legend'});
  #onZoom;
  #sizes = new ResizeObserver(() => this.#resize());
  #forgetTheme;

  /** @param onZoom called with [from, to] after a drag along the axis, or with null to show everything */
  constructor(name, onZoom) {
    this.name = name;
    this.#onZoom = onZoom;
    this.element = make('figure', {class: 'chart', 'data-metric': name},
        make('figcaption', {}, make('h3', {title: name}, name), this.#at, this.#value),
        this.#area, this.#list, this.#note);
    this.#sizes.observe(this.#area);
    this.#forgetTheme = onTheme(() => this.#plot?.redraw());
  }

  /**
   * @param lines {label, colour, xs, ys, odd, count}; colour is the name of a custom property
   * @param settings {axis, axisName, isLog, weight, zoom}
   */
  show(lines, settings) {
    this.#lines = lines;
    this.#settings = settings;
    const isEmpty = lines.every(({xs}) => xs.length === 0);
    const isLog = settings.isLog && lines.some(({ys}) => ys.some(y => y > 0 && Number.isFinite(y)));
    const isShown = y => Number.isFinite(y) && (!isLog || y > 0);
    const drawn = settings.weight > 0
        ? lines.flatMap(line => [line, {...line, ys: smooth(line.ys, settings.weight)}])
        : lines;
    const data = columns(drawn, isShown);
    const shape = JSON.stringify(
        [settings.axis, isLog, settings.weight > 0, lines.map(line => [line.label, line.colour])]);
    this.#area.hidden = isEmpty;
    if (isEmpty) {
      this.#destroy();
    } else if (this.#plot && shape === this.#shape) {
      this.#plot.setData(data, false);
      this.zoom(settings.zoom);
    } else {
      this.#destroy();
      this.#shape = shape;
      this.#plot = new uPlot(this.#options(drawn, isLog), data, this.#area);
      this.zoom(settings.zoom);
    }
    this.#legend = lines.map(line => make('span', {class: 'value'}));
    this.#list.hidden = lines.length < 2;
    this.#value.replaceChildren(...lines.length === 1 ? this.#legend : []);
    this.#list.replaceChildren(...lines.map((line, i) => {
      const swatch = make('span', {class: 'swatch'});
      swatch.style.background = `var(${line.colour})`;
      return make('li', {}, swatch, make('span', {class: 'label', title: line.label}, line.label),
          lines.length > 1 ? this.#legend[i] : null);
    }));
    this.#area.setAttribute('aria-label',
        lines.map(line => describe(line, lines.length > 1, settings.zoom)).join('; '));
    this.#tell(isLog, isEmpty);
    this.#values(null);
  }

  /** @param range [from, to], or null for everything */
  zoom(range) {
    if (!this.#plot) return;
    const xs = this.#plot.data[0];
    const [min, max] = range ?? [xs[0], xs.at(-1)];
    this.#plot.setScale('x', min === max ? {min: min - 0.5, max: max + 0.5} : {min, max});
  }

  /** Must be called when the chart is no longer shown. */
  close() {
    this.#sizes.disconnect();
    this.#forgetTheme();
    this.#destroy();
  }

  #destroy() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #resize() {
    const width = Math.floor(this.#area.clientWidth);
    if (this.#plot && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({width, height: HEIGHT});
    }
  }

  #options(drawn, isLog) {
    const {axis, axisName, weight} = this.#settings;
    const isSmooth = weight > 0;
    const lined = {stroke: () => colour('--soft'), grid: {stroke: () => colour('--grid'), width: 1},
      ticks: {stroke: () => colour('--grid'), width: 1, size: 4}, font: FONT, labelFont: FONT};
    return {
      width: Math.floor(this.#area.clientWidth) || 300,
      height: HEIGHT,
      legend: {show: false},
      padding: [10, 14, 0, 0],
      tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      scales: {
        x: {time: axis === 'time', range: (plot, min, max) => min === max ? [min - 0.5, max + 0.5] : [min, max]},
        y: {distr: isLog ? 3 : 1, ...isLog ? {} : {range: (plot, min, max) => padded(min, max)}},
      },
      axes: [
        {...lined, label: axis === 'time' ? 'time (UTC)' : axisName, labelSize: 16, labelGap: 0, space: 60,
          size: axis === 'time' ? 38 : 26,
          ...axis === 'elapsed' ? {incrs: ELAPSED_STEPS} : {},
          values: axis === 'time' ? clocks : (plot, ticks) => ticks.map(tick => tick === null ? '' : this.#x(tick))},
        {...lined, size: 58, space: 28, gap: 4,
          // uPlot knows no steps for the largest numbers, and draws no axis without one. The function ticks has its
          // own.
          incrs: (plot, axis, min, max) => [Math.max(5, max / 2 - min / 2)],
          splits: (plot, axis, min, max) => ticks(min, max, isLog, MAX_TICKS), filter: (plot, at) => at,
          values: (plot, ticks) => ticks.map(tick => tick === null ? '' : format.value(tick))},
      ],
      series: [{}, ...drawn.map((line, i) => {
        const isBehind = isSmooth && i % 2 === 0;
        return {
          stroke: () => colour(line.colour),
          width: isBehind ? 1 : 1.75,
          alpha: isBehind ? 0.25 : 1,
          points: {show: isBehind ? false : hasRoom, size: 5},
        };
      })],
      cursor: {
        sync: {key: 'charts', scales: ['x', null]},
        drag: {x: true, y: false, setScale: false},
        points: {size: 7},
        dataIdx: (plot, series, index, x) => nearest(plot.data[0], plot.data[series], index, x),
        bind: {dblclick: () => () => this.#onZoom(null)},
      },
      hooks: {
        setSelect: [plot => {
          const {left, width} = plot.select;
          if (width > 2) {
            const range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
            plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
            this.#onZoom(range);
          }
        }],
        setCursor: [plot => this.#values(plot.cursor.idx === undefined || plot.cursor.left < 0 ? null : plot)],
        draw: [plot => this.#markOdd(plot)],
      },
    };
  }

  /** An x without its unit, as on the axis. */
  #x(at) {
    const {axis} = this.#settings;
    return axis === 'elapsed' ? format.duration(at * 1000) : axis === 'number' ? format.count(at) : format.value(at);
  }

  /** Shows the values under the pointer, else the last ones. */
  #values(plot) {
    const step = this.#settings.weight > 0 ? 2 : 1;
    this.#lines.forEach((line, i) => {
      const index = plot?.cursor.idxs[(i + 1) * step];
      const y = plot ? plot.data[(i + 1) * step][index] : line.ys.at(-1);
      this.#legend[i].textContent = format.value(y);
    });
    const x = plot?.data[0][plot.cursor.idx];
    this.#at.textContent = x !== undefined && x !== null ? this.#place(x) : this.#lines.length === 1 ? 'last' : '';
  }

  /** An x with its unit. */
  #place(x) {
    const {axis, axisName} = this.#settings;
    return axis === 'time' ? format.time(new Date(x * 1000).toISOString()) : `${axisName} ${this.#x(x)}`;
  }

  #tell(isLog, isEmpty) {
    const odd = this.#lines.flatMap(line => line.odd);
    const isHidden = isLog && this.#lines.some(({ys}) => ys.some(y => y <= 0));
    const words = [];
    if (isEmpty) words.push(`No values of ${this.name} along ${this.#settings.axisName}.`);
    if (odd.length > 0) {
      const kinds = [...new Set(odd.map(([, y]) => format.value(y)))].join(', ');
      words.push(`${kinds} from ${this.#place(odd[0][0])} on: marked in red.`);
    }
    if (this.#settings.isLog && !isLog && !isEmpty) words.push('No value is above 0, so the scale is not logarithmic.');
    if (isHidden) words.push('Values of 0 or less are left out.');
    this.#note.textContent = words.join(' ');
    this.#note.hidden = words.length === 0;
  }

  /**
   * Marks values that are NaN or infinite by a line from top to bottom. Where there is room, a line gets a label: at
   * the top for ∞, else at the bottom.
   */
  #markOdd(plot) {
    const {ctx, bbox} = plot;
    const odd = this.#lines.flatMap(line => line.odd)
        .map(([x, y]) => [plot.valToPos(x, 'x', true), y])
        .filter(([x]) => x >= bbox.left && x <= bbox.left + bbox.width);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour('--error');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'center';
    for (const [x, y] of odd) {
      ctx.globalAlpha = odd.length > MANY_MARKS ? 0.25 : 0.7;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    let lastLabel = -Infinity;
    for (const [x, y] of odd) {
      if (x - lastLabel < 30 * devicePixelRatio) continue;
      lastLabel = x;
      ctx.fillText(format.value(y), x,
          y > 0 ? bbox.top + 10 * devicePixelRatio : bbox.top + bbox.height - 4 * devicePixelRatio);
    }
    ctx.restore();
  }
}

/** Adds some room above and below; the result stays finite. */
function padded(min, max) {
  if (min === null) return [null, null];
  const range = uPlot.rangeNum(min, max, 0.1, true);
  return range.every(Number.isFinite) && range[0] < range[1] ? range : [min, max];
}

/**
 * Whether each of the visible values gets a dot, because they are few. A single value would be invisible without one.
 */
function hasRoom(plot, series, first, last) {
  const values = plot.data[series].slice(first, last + 1).filter(y => y !== null && y !== undefined);
  return values.length <= plot.bbox.width / devicePixelRatio / DOT_PIXELS;
}

/** Times of day. The first one, and the first one of each day, have the date. */
function clocks(plot, ticks, axis, space, step) {
  let day = '';
  return ticks.map(tick => {
    const iso = new Date(tick * 1000).toISOString();
    const isNew = iso.slice(0, 10) !== day;
    day = iso.slice(0, 10);
    if (step >= 86_400) return iso.slice(0, 10);
    const clock = step >= 60 ? iso.slice(11, 16) : step >= 1 ? iso.slice(11, 19) : iso.slice(14, 23);
    return isNew ? `${clock}\n${day}` : clock;
  });
}

/** A text for screen readers. */
function describe({label, xs, ys, count}, hasOthers, zoom) {
  const finite = ys.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];      // the server limits their number
  const range = finite.length === 0 ? 'none of them finite' : `from ${format.value(low)} to ${format.value(high)}`;
  const name = hasOthers ? label + ': ' : '';
  return `${name}${format.counted(count, 'value')}, ${range}, the last one ${format.value(ys.at(-1))}`
      + (zoom ? `, ${format.counted(xs.filter(x => x >= zoom[0] && x <= zoom[1]).length, 'point')} visible` : '');
}
