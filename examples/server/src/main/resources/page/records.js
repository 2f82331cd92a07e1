// The records that match the filters, as rows from 0 on. Only rows near the visible ones are requested and kept.

import * as api from './api.js';

/** Rows per request. */
const PAGE = 200;

/** Maximum number of rows kept. Beyond it, rows far from the visible ones are dropped. */
const MAX_ROWS = 6000;
const NEAR = 2000;

/** Rows before and after the visible ones that are requested as well. */
const MARGIN = 60;

const SCROLL_MILLIS = 60;
const POLL_MILLIS = 500;

export class Records {

  /** The number of rows. While {@link #isCounted} is false, there is an unknown number of rows before them. */
  total = 0;
  isCounted = false;

  /** Whether the server could not count the matching records. */
  hasFailed = false;

  /** Whether there is no filter, so that all records match. */
  isAll;

  #id;
  #filter;
  #end;                   // the number of the first record that is too new to be among the rows
  #newest;                // one past the newest record that is known to exist
  #first = 0;             // the number of the first record, if all match
  #rows = new Map();
  #missing = new Set();   // pages that the server cannot fill: the oldest records may have been deleted
  #loading = new Map();   // stops a request, by its page
  #closing = new AbortController();
  #wanted = [0, 0];
  #timer = null;
  #isPolling = false;
  #changed;
  #failed;

  /**
   * @param filter the server's query parameters
   * @param end one past the newest record of the session
   * @param changed called when rows have changed, with the number of rows added before the first one
   * @param failed called with a failure
   */
  constructor(id, filter, end, changed, failed) {
    this.#id = id;
    this.#filter = filter;
    this.#end = this.#newest = end;
    this.#changed = changed;
    this.#failed = failed;
    this.isAll = filter.size === 0;
  }

  get isLoading() {
    return this.#loading.size > 0;
  }

  get signal() {
    return this.#closing.signal;
  }

  /**
   * Loads the last rows, and finds out how many there are.
   *
   * @param session the server's description of it
   * @param count a promise of the number of matching records, used if not all match
   */
  async open(session, count) {
    try {
      await this.#open(session, count);
    } catch (failure) {
      this.hasFailed = !api.isOutOfDate(failure);
      this.#changed(0);
      throw failure;
    }
  }

  async #open(session, count) {
    count.catch(() => {});      // the caller that made the promise reports it
    if (this.isAll) {
      if (session.logCount < session.nextSequenceNumber && this.#end > 0) {
        const page = await this.#ask({limit: 1});
        this.#first = page.logs[0]?.sequenceNumber ?? this.#end;
      }
      this.total = this.#end - this.#first;
      this.isCounted = true;
      this.#changed(0);
      return;
    }
    const page = await this.#ask({order: 'desc', limit: PAGE, before: this.#end});
    page.logs.reverse().forEach((record, i) => this.#rows.set(i, record));
    const found = this.total = page.logs.length;
    this.isCounted = !page.hasMore;
    this.#changed(0);
    if (this.isCounted) return;
    const before = await count - found;
    if (this.signal.aborted) return;
    this.isCounted = true;
    this.#rows = new Map([...this.#rows].map(([index, record]) => [index + before, record]));
    this.total += before;
    this.#changed(before);
  }

  /** Forgets everything, and cancels requests that are under way. */
  close() {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#loading.forEach(loading => loading.abort());
  }

  /** The record of a row; undefined if it is not loaded: then {@link want} it. */
  row(index) {
    return this.#rows.get(index);
  }

  /** The row of a record, or the row where it would be. */
  async index(number) {
    if (this.isAll) return number - this.#first;
    const parameters = this.#parameters({before: number});
    parameters.set('buckets', 1);
    return sum(await api.histogram(this.#id, parameters, this.signal));
  }

  /** Whether a record matches. */
  async has(number) {
    return this.isAll || (await this.#ask({after: number - 1, before: number + 1, limit: 1})).logs.length > 0;
  }

  /** Requests rows that are not loaded. Cancels earlier requests for rows that are no longer wanted. */
  want(first, last) {
    this.#wanted = [Math.max(0, first - MARGIN), Math.min(this.total - 1, last + MARGIN)];
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#load();
    }, this.#loading.size === 0 ? 0 : SCROLL_MILLIS);
  }

  #load() {
    const [first, last] = [Math.floor(this.#wanted[0] / PAGE), Math.floor(this.#wanted[1] / PAGE)];
    for (const [page, loading] of this.#loading) {
      if (page < first || page > last) loading.abort();
    }
    for (let page = first; page <= last; page++) {
      if (!this.#loading.has(page) && !this.#missing.has(page) && this.#lacks(page)) {
        this.#loadPage(page).catch(failure => api.isOutOfDate(failure) || this.#failed(failure));
      }
    }
  }

  #lacks(page) {
    for (let index = page * PAGE; index < Math.min((page + 1) * PAGE, this.total); index++) {
      if (!this.#rows.has(index)) return true;
    }
    return false;
  }

  async #loadPage(page) {
    const loading = new AbortController();
    this.#loading.set(page, loading);
    this.#changed(0);
    try {
      const start = page * PAGE;
      const records = await this.#range(start, Math.min(PAGE, this.total - start), loading.signal);
      records.forEach((record, i) => this.#rows.set(start + i, record));
      if (this.#lacks(page) && start + PAGE <= this.total) this.#missing.add(page);
      this.#forgetFar();
    } finally {
      this.#loading.delete(page);
      if (!this.signal.aborted) this.#changed(0);
    }
  }

  /**
   * Reads rows from the nearest place that the server finds quickly: after or before a known record, else from the
   * nearer end.
   */
  async #range(start, length, signal) {
    const behind = this.total - start - length;
    const [previous, next] = [this.#rows.get(start - 1), this.#rows.get(start + length)];
    let ask = this.isAll ? {after: this.#first + start - 1}
        : previous ? {after: previous.sequenceNumber}
        : next ? {before: next.sequenceNumber, order: 'desc'}
        : start <= behind ? {offset: start}
        : {offset: behind, order: 'desc', before: this.#end};
    const isBackwards = ask.order === 'desc';
    const records = [];
    for (;;) {
      const page = await this.#ask({...ask, limit: length - records.length}, signal);
      records.push(...page.logs);
      if (records.length >= length || !page.hasMore || page.logs.length === 0) {
        return isBackwards ? records.reverse() : records;
      }
      const last = records.at(-1).sequenceNumber;      // pages are smaller if records are large
      ask = isBackwards ? {order: 'desc', before: last} : {after: last};
    }
  }

  #parameters({after, before, ...others}) {
    const parameters = new URLSearchParams(this.#filter);
    for (const [name, value] of Object.entries(others)) parameters.set(name, value);
    if (after !== undefined) parameters.set('after', Math.max(after, Number(this.#filter.get('after') ?? -1)));
    if (before !== undefined) {
      parameters.set('before', Math.min(before, Number(this.#filter.get('before') ?? Infinity)));
    }
    return parameters;
  }

  #ask = (some, signal = this.signal) => api.logs(this.#id, this.#parameters(some), signal);

  #forgetFar() {
    if (this.#rows.size <= MAX_ROWS) return;
    for (const index of this.#rows.keys()) {
      if (index < this.#wanted[0] - NEAR || index > this.#wanted[1] + NEAR) this.#rows.delete(index);
    }
  }

  #append(record) {
    this.#rows.set(this.total, record);
    this.total++;
    this.#end = record.sequenceNumber + 1;
  }

  /** A record has been added to the session. With a filter, the server is asked whether it matches. */
  arrived(record) {
    this.#newest = Math.max(this.#newest, record.sequenceNumber + 1);
    if (!this.isAll) {
      this.#poll();
    } else if (this.isCounted && record.sequenceNumber === this.#end) {
      this.#append(record);
      this.#forgetFar();
      this.#changed(0);
    }
  }

  async #poll() {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      while (this.isCounted && this.#end < this.#newest && !this.signal.aborted) {
        const newest = this.#newest;
        const page = await this.#ask({after: this.#end - 1, limit: 1000});
        page.logs.forEach(record => this.#append(record));
        if (!page.hasMore) this.#end = Math.max(this.#end, newest);
        this.#forgetFar();
        if (page.logs.length > 0) this.#changed(0);
        await new Promise(wake => setTimeout(wake, POLL_MILLIS));
      }
    } catch (failure) {
      if (!api.isOutOfDate(failure)) this.#failed(failure);
    } finally {
      this.#isPolling = false;
    }
  }
}

/** How many records a histogram counts. */
export const sum = histogram =>
    histogram.buckets.reduce((all, {counts}) => all + Object.values(counts).reduce((some, one) => some + one, 0), 0);
