// A run's details besides its log: description, tags and numbers; and, folded, parameters, tracks and files.

import * as api from './api.js';
import {byId, make} from './dom.js';
import * as format from './format.js';
import {tags} from './runs.js';

/** Maximum number of tracks whose newest point is requested. */
const MAX_TRACKS = 50;

export class About {

  #id = null;
  #shown = '';
  #words = make('p', {class: 'words'});
  #facts = make('p', {class: 'facts'});
  #sections = [];
  #tell;

  constructor(tell) {
    this.#tell = tell;
    this.#sections = [
      this.#section('parameters', 'Parameters', parameters),
      this.#section('tracks', 'Tracks', tracks),
      this.#section('files', 'Files', files),
    ];
    byId('about').append(this.#words, this.#facts,
        make('div', {class: 'folded'}, ...this.#sections.map(section => section.element)));
  }

  show(session) {
    if (session.id !== this.#id) {
      this.#id = session.id;
      for (const section of this.#sections) section.load();
    }
    const shown = JSON.stringify(session);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const errors = (session.levelCounts.error ?? 0) + (session.levelCounts.fatal ?? 0);
    const length = Date.parse(session.lastLogAt) - Date.parse(session.firstLogAt);
    this.#words.hidden = !session.description;
    this.#words.textContent = session.description ?? '';
    this.#facts.replaceChildren(tags(session), ...[
      format.counted(session.logCount, 'record'),
      errors > 0 ? format.counted(errors, 'error') : null,
      session.firstLogAt ? 'from ' + format.time(session.firstLogAt).slice(0, 19) : null,
      session.firstLogAt ? 'over ' + format.duration(length) : null,
      session.folder ? 'in ' + session.folder : null,
    ].filter(fact => fact).map(fact => make('span', {class: 'soft'}, fact)),
    ...format.flat(session.metadata)
        .map(([name, value]) => make('span', {class: 'tag'}, `${name}=${format.text(value)}`)));
  }

  #section(id, name, ask) {
    const summary = make('summary', {}, name);
    const body = make('div', {class: 'fold-body'});
    const element = make('details', {id: 'run-' + id, hidden: true}, summary, body);
    return {
      element,
      load: async () => {
        const session = this.#id;
        element.hidden = true;
        element.open = false;
        try {
          const rows = await ask(session);
          if (session !== this.#id) return;
          element.hidden = rows.length === 0;
          summary.textContent = `${name} (${format.count(rows.length)})`;
          body.replaceChildren(make('table', {class: 'metadata'}, make('tbody', {}, ...rows)));
        } catch (failure) {
          this.#tell(failure);
        }
      },
    };
  }
}

const row = (name, ...cells) =>
    make('tr', {}, make('th', {scope: 'row'}, name), ...cells.map(cell => make('td', {}, cell)));

async function parameters(id) {
  const found = await api.parameters(id);
  return Object.entries(found ?? {}).map(([name, value]) => row(name, format.text(value)));
}

async function tracks(id) {
  const found = await api.tracks(id);
  return Promise.all(found.map(async (track, i) => {
    const end = Number(track.totalDataPoints);
    const newest = i < MAX_TRACKS && end > 0 ? await api.trackPoint(id, track.name, end - 1).catch(() => null) : null;
    const values = format.flat(newest?.data).map(([name, value]) => `${name}=${format.text(value)}`);
    return row(track.name, values.join(' '), format.counted(end, 'point'));
  }));
}

async function files(id) {
  const found = await api.files(id);
  const path = file => `${file.path.replace(/^\/|\/$/g, '')}/${file.filename}`.replace(/^\//, '');
  return found.map(file => row(
      make('a', {href: api.downloadOf(id, file.id), download: true}, path(file)),
      format.bytes(file.sizeBytes), [file.description, ...file.tags].filter(word => word).join(' · ')));
}
