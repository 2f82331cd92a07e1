// One run: its log, its charts and its details.

import {About} from './about.js';
import * as address from './address.js';
import * as api from './api.js';
import {Charts, colourOf} from './charts.js';
import {byId, make} from './dom.js';
import {Filters, NONE, query} from './filters.js';
import {Histogram} from './histogram.js';
import {Log} from './log.js';
import {RecordPanel} from './record.js';
import {Records, sum} from './records.js';
import {badge} from './runs.js';
import {askForFatal, isLive, stateOf} from './state.js';

const BUCKETS = 100;

/** Metadata entries to suggest when a search of messages may miss them. */
const SEARCHED_LIKE_MESSAGES = ['error_type', 'error_message'];

/** Delay after the server has refused a stream. */
const AGAIN_MILLIS = 5000;

export class Run {

  #session = null;
  #records = null;
  #end = 0;                // one past the newest known record
  #drawn = 0;              // one past the newest record that charts and histogram include
  #filter = '';
  #isDescribing = false;
  #stream = null;
  #tell;

  #about;
  #filters = new Filters();
  #histogram = new Histogram(byId('histogram'));
  #log = new Log(byId('records'), record => this.#open(record));
  #panel = new RecordPanel({
    close: () => this.#close(),
    around: () => address.change(NONE, true),
    filter: where => address.change({where: [...(address.view().where ?? []).filter(one => one !== where), where]}, true),
  });
  #charts;

  constructor(tell) {
    this.#tell = tell;
    this.#about = new About(tell);
    this.#charts = new Charts(byId('charts'), tell, (axis, from, to) => this.#narrow(axis, from, to));
    this.#log.isOpen = () => this.#panel.number !== null;
    byId('tabs').onclick = event => event.target.dataset.tab && address.change({tab: event.target.dataset.tab});
  }

  /** Shows another run. */
  async open(view) {
    this.close();
    byId('run').setAttribute('aria-busy', 'true');
    const session = await api.session(view.run);
    if (address.view().run !== view.run) return;
    byId('run').setAttribute('aria-busy', 'false');
    this.#session = session;
    this.#end = this.#drawn = session.nextSequenceNumber;
    this.#describe();
    this.#showTab(address.view());
    this.#load(address.view());
    this.#charts.show(this.#runs(), address.view());
    this.#follow(this.#end - 1);
    this.#askForFatal();
    this.#log.focus();
  }

  close() {
    this.#stream?.close();
    this.#stream = null;
    this.#records?.close();
    this.#records = null;
    this.#session = null;
    this.#log.clear();
    this.#charts.clear();
    this.#panel.hide();
    byId('where').replaceChildren();
  }

  /** Shows another view of the same run. */
  move(view) {
    if (!this.#session) return;
    this.#showTab(view);
    if (String(query(view)) !== this.#filter) {
      this.#load(view);
    } else {
      this.#showRecord(view).catch(this.#tell);
    }
    this.#charts.move(view);
  }

  /** Loads what is new. */
  async refresh() {
    const before = this.#session;
    if (!before) return;
    const session = await api.session(before.id);
    if (this.#session?.id !== before.id) return;
    const {logCount, levelCounts, nextSequenceNumber, lastLogAt} = this.#session;
    // The stream may have delivered more records than there were when the server answered.
    this.#session = nextSequenceNumber > session.nextSequenceNumber
        ? {...session, logCount, levelCounts, nextSequenceNumber, lastLogAt} : session;
    this.#describe();
    if (session.nextSequenceNumber !== this.#drawn) {
      this.#drawn = session.nextSequenceNumber;
      this.#charts.show(this.#runs(), address.view());
      this.#count(address.view()).catch(this.#tell);
      this.#askForFatal();
    }
  }

  focusSearch() {
    this.#filters.focus();
  }

  focusLog() {
    this.#log.focus();
  }

  /** Closes the open record. Returns false if there is none. */
  escape() {
    if (this.#panel.number === null) return false;
    this.#close();
    return true;
  }

  /** Selects the part that a narrow window shows. */
  #showTab(view) {
    const tab = view.tab ?? 'log';
    byId('run').dataset.tab = tab;
    for (const button of byId('tabs').children) button.setAttribute('aria-pressed', button.dataset.tab === tab);
  }

  #runs() {
    return [{session: this.#session, label: this.#session.name, colour: colourOf(0)}];
  }

  #describe() {
    byId('where').replaceChildren(make('span', {class: 'soft'}, this.#session.workspace),
        make('h1', {}, this.#session.name), badge(stateOf(this.#session)));
    document.title = `${this.#session.name} – Dreamlake`;
    this.#log.setLive(isLive(this.#session));
    this.#about.show(this.#session);
    this.#filters.describe(this.#session);
    byId('run').classList.toggle('has-charts', Object.keys(this.#session.metrics).length > 0);
  }

  async #askForFatal() {
    const session = this.#session;
    try {
      if (await askForFatal(session) && this.#session?.id === session.id) this.#describe();
    } catch (failure) {
      this.#tell(failure);
    }
  }

  #load(view) {
    const filter = query(view);
    this.#filter = String(filter);
    this.#records?.close();
    const changed = before => this.#changed(records, before);
    const records = this.#records = new Records(this.#session.id, filter, this.#end, changed, this.#tell);
    this.#filters.show(view);
    this.#log.show(records, view.text ?? '', !view.to && !view.before);
    const inMetadata = name => make('button', {type: 'button', onclick: () => address.change(
        {text: null, where: [...view.where ?? [], `${name}="${view.text}"`]}, true)}, `${name} = ${view.text}`);
    this.#log.whenEmpty(records.isAll ? make('p', {}, 'No records yet.')
        : make('p', {}, 'No records match the filters. ',
            make('button', {type: 'button', onclick: () => address.change(NONE, true)}, 'Clear filters')),
    view.text && make('p', {class: 'only-messages'}, 'Only messages are searched. In metadata, exactly: ',
        ...SEARCHED_LIKE_MESSAGES.map(inMetadata)));
    const count = this.#count(view);
    count.catch(() => {});      // the records fail for the same reason, and report it
    records.open(this.#session, count).catch(failure => {
      if (records === this.#records && records.hasFailed) this.#log.whenEmpty(make('p', {}, failure.message));
      this.#tell(failure);
    }).then(() => records === this.#records && this.#showRecord(address.view())).catch(this.#tell);
  }

  /** Draws the histogram, and returns how many records it counts. */
  async #count(view) {
    const records = this.#records;
    const parameters = query(view);
    const end = this.#end;
    parameters.set('before', Math.min(end, Number(parameters.get('before') ?? Infinity)));
    parameters.set('buckets', BUCKETS);
    const histogram = await api.histogram(this.#session.id, parameters, records.signal);
    if (records === this.#records) this.#histogram.show(histogram);
    return sum(histogram);
  }

  #changed(records, before) {
    if (records !== this.#records) return;
    this.#log.changed(before);
    const all = this.#session.logCount + this.#end - this.#session.nextSequenceNumber;
    this.#filters.count(records.total, all, records.isCounted, records.hasFailed);
  }

  #open(record) {
    this.#panel.show(record, !this.#records.isAll);
    address.change({record: record.sequenceNumber}, address.view().record === undefined);
  }

  #close() {
    this.#panel.hide();
    address.change({record: null}, true);
    this.#log.focus();
  }

  /** Shows the record that the address names. */
  async #showRecord(view) {
    const number = view.record === undefined ? NaN : Number(view.record);
    if (!Number.isSafeInteger(number) || number < 0) {
      this.#panel.hide();
      return;
    }
    const records = this.#records;
    if (this.#panel.number !== number || !this.#log.isAt(number)) {
      const only = new URLSearchParams({after: number - 1, before: number + 1, limit: 1});
      const page = await api.logs(this.#session.id, only, records.signal);
      if (records !== this.#records || Number(address.view().record) !== number) return;
      if (page.logs.length === 0) {
        this.#panel.hide();
        throw new api.Refused(404, `There is no record ${number}.`);
      }
      this.#panel.show(page.logs[0], !records.isAll);
    } else {
      return;
    }
    const [index, fits] = await Promise.all([records.index(number), records.has(number)]);
    if (records === this.#records && records.isCounted && index <= records.total) {
      this.#log.reveal(Math.min(index, records.total - 1), fits);
    }
  }

  /** Receives each new record. A browser reconnects by itself, but not to a server that has refused it. */
  #follow(after) {
    const stream = this.#stream = new EventSource(api.streamOf(this.#session.id, after));
    stream.addEventListener('record', event => {
      if (stream !== this.#stream) return;
      const record = api.exactly(event.data);
      after = record.sequenceNumber;
      this.#end = Math.max(this.#end, after + 1);
      this.#countIn(record);
      this.#records?.arrived(record);
    });
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED && stream === this.#stream) {
        setTimeout(() => stream === this.#stream && this.#follow(after), AGAIN_MILLIS);
      }
    };
  }

  /** Adds a streamed record to all counts at once, without waiting for the next refresh. */
  #countIn({sequenceNumber, level, timestamp}) {
    const session = this.#session;
    if (!session || sequenceNumber < session.nextSequenceNumber) return;
    const isLater = session.lastLogAt === null || Date.parse(timestamp) > Date.parse(session.lastLogAt);
    this.#session = {
      ...session,
      logCount: session.logCount + 1,
      levelCounts: {...session.levelCounts, [level]: (session.levelCounts[level] ?? 0) + 1},
      nextSequenceNumber: sequenceNumber + 1,
      firstLogAt: session.firstLogAt ?? timestamp,
      lastLogAt: isLater ? timestamp : session.lastLogAt,
    };
    if (!this.#isDescribing) {
      this.#isDescribing = true;
      requestAnimationFrame(() => {
        this.#isDescribing = false;
        if (this.#session) this.#describe();
      });
    }
  }

  /** Filters the log to the part that a chart shows. */
  #narrow(axis, from, to) {
    const start = axis === 'elapsed' ? Date.parse(this.#session.firstLogAt) / 1000 : 0;
    const time = seconds => new Date((start + seconds) * 1000).toISOString();
    address.change(axis === 'number'
        ? {after: Math.max(0, Math.ceil(from)) - 1, before: Math.floor(to) + 1, tab: 'log'}
        : {from: time(from), to: time(to), tab: 'log'}, true);
  }
}
