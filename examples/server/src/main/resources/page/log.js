// The log as rows in a window. However many rows there are, only the visible ones are elements.

import {make} from './dom.js';
import * as format from './format.js';

/** Browsers limit the height of elements. A longer log is scrolled in larger steps. */
const MAX_PIXELS = 15_000_000;

/** Additional rows above and below the window. */
const SPARE = 6;

const MAX_MESSAGE = 1000;
const MAX_VALUE = 60;
const MAX_FIELDS = 12;

export class Log {

  #records = null;
  #top = 0;                // the position of the window's upper edge, in pixels from the first row
  #lastScroll = 0;
  #rowHeight = 24;
  #cursor = -1;            // the current row, which keys move; -1 for none
  #isFollowing = true;
  #isLive = false;
  #seen = 0;               // how many rows there were when following ended
  #elements = new Map();   // by row
  #isDrawing = false;
  #search = '';
  #onOpen;

  #rows = make('div', {class: 'rows'});
  #sizer = make('div', {class: 'sizer'}, this.#rows);
  #window = make('div', {class: 'window', role: 'grid', tabindex: 0, 'aria-label': 'Records', 'aria-readonly': 'true'},
      this.#sizer);
  #empty = make('div', {class: 'empty', hidden: true});
  #progress = make('div', {class: 'progress', hidden: true, role: 'progressbar', 'aria-label': 'Loading records'});
  #follow = make('button', {type: 'button', class: 'follow', 'aria-pressed': 'true',
    onclick: () => this.#toggleFollow()});

  /**
   * @param parent the element to add the log to
   * @param onOpen called with the record to show in full
   */
  constructor(parent, onOpen) {
    this.#onOpen = onOpen;
    parent.append(
        make('div', {class: 'row head', 'aria-hidden': 'true'},
            make('span', {class: 'number'}, '#'),
            make('span', {class: 'time', title: 'Universal time'}, 'time (UTC)'),
            make('span', {class: 'level'}, 'level'),
            make('span', {class: 'message'}, 'message')),
        this.#progress, this.#window, this.#empty, this.#follow);
    this.#window.onscroll = () => this.#scrolled();
    this.#window.addEventListener('wheel', event => this.#wheel(event), {passive: false});
    this.#window.onkeydown = event => this.#key(event);
    this.#window.onclick = event => {
      const row = event.target.closest('.row');
      if (row && getSelection().isCollapsed) this.#open(Number(row.dataset.index));
    };
    new ResizeObserver(() => this.#measure()).observe(this.#window);
  }

  /**
   * Shows other records, starting at their end.
   *
   * @param search the text to highlight in messages
   * @param canFollow whether more records may arrive
   */
  show(records, search, canFollow) {
    this.#records = records;
    this.#search = search.toLowerCase();
    this.#cursor = -1;
    this.#clearRows();
    this.#setFollowing(true);
    this.#follow.hidden = !canFollow;
    this.draw();
  }

  /** Shows nothing from now on. */
  clear() {
    this.#records = null;
    this.#clearRows();
  }

  /** Must be called when the rows have changed. @param before how many rows were added before the first one */
  changed(before) {
    if (before > 0) {
      if (this.#cursor >= 0) this.#cursor += before;
      this.#seen += before;
      this.#clearRows();
      this.#resize();
      this.#scrollTo(this.#top + before * this.#rowHeight);
    }
    this.draw();
  }

  /** Sets the contents for a log without rows. */
  whenEmpty(...children) {
    this.#empty.replaceChildren(...children.filter(child => child));
  }

  focus() {
    this.#window.focus();
  }

  /**
   * Scrolls to a row, and centres it if it was not visible.
   *
   * @param isCurrent whether it becomes the current row
   */
  reveal(index, isCurrent) {
    const isInSight = index * this.#rowHeight >= this.#top
        && (index + 1) * this.#rowHeight <= this.#top + this.#window.clientHeight;
    this.#cursor = isCurrent ? index : -1;
    if (!isInSight) {
      this.#setFollowing(false);
      this.#resize();
      this.#scrollTo((index + 0.5) * this.#rowHeight - this.#window.clientHeight / 2);
    }
    this.draw();
  }

  /** Whether the current row shows this record. */
  isAt(number) {
    return this.#records?.row(this.#cursor)?.sequenceNumber === number;
  }

  draw() {
    if (!this.#isDrawing) {
      this.#isDrawing = true;
      requestAnimationFrame(() => this.#draw());
    }
  }

  get #most() {
    return Math.max(0, this.#records.total * this.#rowHeight - this.#window.clientHeight);
  }

  /** How many pixels of the log one pixel of the scroll bar means. */
  get #scale() {
    const height = this.#records.total * this.#rowHeight;
    const view = this.#window.clientHeight;
    return height <= MAX_PIXELS ? 1 : (height - view) / (MAX_PIXELS - view);
  }

  #measure() {
    const height = parseFloat(getComputedStyle(this.#window).getPropertyValue('--row-height'));
    const row = this.#top / this.#rowHeight;
    if (height && height !== this.#rowHeight) {
      this.#rowHeight = height;
      this.#clearRows();
      if (this.#records) {
        this.#resize();
        this.#scrollTo(row * height);
      }
    }
    this.draw();
  }

  #resize() {
    this.#sizer.style.height = Math.min(MAX_PIXELS, this.#records.total * this.#rowHeight) + 'px';
  }

  #scrollTo(top) {
    this.#top = Math.max(0, Math.min(this.#most, top));
    this.#window.scrollTop = this.#top / this.#scale;
    this.#lastScroll = this.#window.scrollTop;
    this.draw();
  }

  #scrolled() {
    if (!this.#records) return;
    const scroll = this.#window.scrollTop;
    if (scroll === this.#lastScroll) return;      // our own change
    const isUp = scroll < this.#lastScroll;
    this.#lastScroll = scroll;
    this.#top = scroll * this.#scale;
    if (isUp) {
      this.#setFollowing(false);
    } else if (this.#top >= this.#most - 2) {
      this.#setFollowing(true);
    }
    this.draw();
  }

  /** If the scroll bar is too coarse, the wheel still moves by rows. */
  #wheel(event) {
    if (!this.#records || this.#scale === 1) return;
    event.preventDefault();
    this.#setFollowing(event.deltaY > 0 && this.#top + event.deltaY >= this.#most);
    this.#scrollTo(this.#top + event.deltaY);
  }

  #toggleFollow() {
    this.#setFollowing(!this.#isFollowing);
    this.draw();
  }

  #setFollowing(isFollowing) {
    if (this.#isFollowing !== isFollowing) this.#seen = this.#records?.total ?? 0;
    this.#isFollowing = isFollowing;
    this.#follow.setAttribute('aria-pressed', isFollowing);
    this.#follow.title = isFollowing ? 'Scrolls to new records; scroll up to stop'
        : 'Go to the end, and follow new records';
  }

  #draw() {
    this.#isDrawing = false;
    const records = this.#records;
    if (!records) return;
    this.#resize();
    if (this.#isFollowing) {
      this.#top = this.#most;
      this.#window.scrollTop = this.#top / this.#scale;
      this.#lastScroll = this.#window.scrollTop;
    }
    const height = this.#window.clientHeight;
    const first = Math.max(0, Math.floor(this.#top / this.#rowHeight) - SPARE);
    const last = Math.min(records.total - 1, Math.ceil((this.#top + height) / this.#rowHeight) + SPARE);
    for (const [index, {element}] of this.#elements) {
      if (index < first || index > last) {
        element.remove();
        this.#elements.delete(index);
      }
    }
    for (let index = first; index <= last; index++) this.#drawRow(index);
    if (records.total > 0) records.want(first + SPARE, last - SPARE);
    const isLoading = !records.hasFailed && (records.isLoading || !records.isCounted);
    this.#progress.hidden = !isLoading;
    this.#window.setAttribute('aria-busy', isLoading);
    this.#window.setAttribute('aria-rowcount', records.isCounted ? records.total : -1);
    this.#empty.hidden = records.total > 0 || isLoading;
    if (this.#cursor >= 0) {
      this.#window.setAttribute('aria-activedescendant', 'row-' + this.#cursor);
    } else {
      this.#window.removeAttribute('aria-activedescendant');
    }
    this.#follow.disabled = this.#isFollowing && !this.#isLive;
    const more = records.total - this.#seen;
    this.#follow.textContent = this.#isFollowing ? this.#isLive ? '● Following' : 'At the end'
        : more > 0 ? `↓ ${format.count(more)} new` : '↓ Follow';
  }

  #drawRow(index) {
    const record = this.#records.row(index);
    let row = this.#elements.get(index);
    if (!row || row.record !== record) {
      row?.element.remove();
      row = {element: this.#row(index, record), record};
      this.#elements.set(index, row);
      this.#rows.append(row.element);
    }
    row.element.style.transform = `translateY(${this.#window.scrollTop + index * this.#rowHeight - this.#top}px)`;
    row.element.classList.toggle('is-current', index === this.#cursor);
    row.element.setAttribute('aria-selected', index === this.#cursor);
  }

  #row(index, record) {
    const cell = (name, ...children) => make('span', {class: name, role: 'gridcell'}, ...children);
    const properties = {role: 'row', id: 'row-' + index, 'data-index': index, 'aria-rowindex': index + 1};
    if (!record) return make('div', {...properties, class: 'row is-loading'}, cell('message', '…'));
    const time = make('span', {class: 'time', role: 'gridcell', title: format.time(record.timestamp)},
        make('span', {class: 'day'}, record.timestamp.slice(5, 10) + ' '), record.timestamp.slice(11, 19),
        make('span', {class: 'fraction'}, record.timestamp.slice(19, 23)));
    return make('div', {...properties, class: 'row ' + record.level},
        cell('number', String(record.sequenceNumber)), time, cell('level', record.level),
        cell('message', make('span', {class: 'text'}, ...this.#marked(record.message.slice(0, MAX_MESSAGE))),
            fields(record.metadata)));
  }

  /** A text with the search words highlighted. */
  #marked(text) {
    const lower = text.toLowerCase();
    if (this.#search === '' || lower.length !== text.length) return [text];
    const parts = [];
    let from = 0;
    for (let at = lower.indexOf(this.#search); at >= 0; at = lower.indexOf(this.#search, from)) {
      parts.push(text.slice(from, at), make('mark', {}, text.slice(at, at + this.#search.length)));
      from = at + this.#search.length;
    }
    return [...parts, text.slice(from)];
  }

  #clearRows() {
    this.#elements.clear();
    this.#rows.replaceChildren();
  }

  #open(index) {
    this.#cursor = index;
    const record = this.#records.row(index);
    if (record) this.#onOpen(record);
    this.draw();
  }

  /** Moves to a row, and opens it if a record is open. */
  moveTo(index, isOpen) {
    if (!this.#records || this.#records.total === 0) return;
    index = Math.max(0, Math.min(this.#records.total - 1, index));
    this.#cursor = index;
    const [above, below] = [index * this.#rowHeight, (index + 1) * this.#rowHeight - this.#window.clientHeight];
    if (above < this.#top || below > this.#top) {
      this.#setFollowing(false);
      this.#scrollTo(above < this.#top ? above : below);
    }
    if (index === this.#records.total - 1) this.#setFollowing(true);
    else this.#setFollowing(false);
    const record = this.#records.row(index);
    if (isOpen() && record) this.#onOpen(record);
    this.draw();
  }

  /** Sets whether the run is still live, so that following makes sense. */
  setLive(isLive) {
    this.#isLive = isLive;
    this.draw();
  }

  /** Tells whether a record is open; the owner replaces this. */
  isOpen = () => false;

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#records) return;
    const page = Math.max(1, Math.floor(this.#window.clientHeight / this.#rowHeight) - 1);
    const firstInSight = Math.ceil(this.#top / this.#rowHeight);
    const current = this.#cursor >= 0 ? this.#cursor
        : this.#isFollowing ? this.#records.total : firstInSight - 1;
    const move = {
      j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page,
      Home: -Infinity, g: -Infinity, End: Infinity, G: Infinity,
    }[event.key];
    if (move !== undefined) {
      this.moveTo(current + move, this.isOpen);
    } else if (event.key === 'Enter' && this.#cursor >= 0) {
      this.#open(this.#cursor);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The beginning of a record's metadata, such as "epoch=2 train_loss=0.5". */
function fields(metadata) {
  const entries = format.flat(metadata);
  if (entries.length === 0) return null;
  const shown = entries.slice(0, MAX_FIELDS).flatMap(([name, value]) => {
    const text = format.text(value);
    const isLong = text.length > MAX_VALUE || text.includes('\n');
    const shown = isLong ? text.slice(0, MAX_VALUE).split('\n', 1)[0] + '…' : text;
    return [' ', make('span', {class: 'entry'}, make('span', {class: 'field'}, name + '='), shown)];
  });
  return make('span', {class: 'fields'}, ...shown, entries.length > MAX_FIELDS ? ' …' : null);
}
