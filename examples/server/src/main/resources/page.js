'use strict';
const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'];
const MOST_RECORDS = 5000;    // beyond it the oldest rows go
const AGAIN_MILLIS = 5000;    // after the server has turned a stream away
const byId = id => document.getElementById(id);

let session = null;           // the one that is shown
let records = [];             // those that are shown, by their numbers
let stream = null;
let development = false;
let listed = '';              // the sessions in the list, as JSON
let shows = 0;                // counts what was asked for, so that a late answer is known as late

for (const level of LEVELS) {
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = true;
  box.id = 'level-' + level;
  label.append(box, ' ' + level + ' ');
  byId('levels').append(label);
}

async function get(path) {
  const answer = await fetch(path);
  const json = await answer.json();
  if (!answer.ok) {
    throw new Error(json.error);
  }
  return json;
}

function filter() {
  const time = id => byId(id).value ? new Date(byId(id).value + 'Z') : null;
  return {
    levels: LEVELS.filter(level => byId('level-' + level).checked),
    from: time('from'),
    to: time('to'),
    search: byId('search').value.toLowerCase(),
  };
}

function passes(record, {levels, from, to, search}) {
  const time = new Date(record.timestamp);
  return levels.includes(record.level) && (!from || time >= from) && (!to || time <= to)
      && record.message.toLowerCase().includes(search);
}

function query({levels, from, to, search}) {
  const parameters = new URLSearchParams({limit: 1000, order: 'desc', orderBy: 'sequenceNumber'});
  if (levels.length < LEVELS.length) parameters.set('level', levels.join(','));
  if (from) parameters.set('startTime', from.toISOString());
  if (to) parameters.set('endTime', to.toISOString());
  if (search) parameters.set('search', search);
  return parameters;
}

function row(record) {
  const row = document.createElement('tr');
  row.className = record.level;
  const metadata = record.metadata === null ? '' : JSON.stringify(record.metadata);
  for (const text of [record.sequenceNumber, record.timestamp.replace('T', ' ').slice(0, 23), record.level, record.message, metadata]) {
    const shown = document.createElement('div');
    shown.textContent = text;
    row.insertCell().append(shown);
  }
  row.onclick = () => row.classList.toggle('whole');       // long texts show their beginning only
  return row;
}

let drawing = false;
let pending = [];             // records that are not in the table yet: they go there once a frame

function add(record) {
  pending.push(record);
  if (pending.length > 2 * MOST_RECORDS) {
    pending = pending.slice(-MOST_RECORDS);    // a tab that is hidden draws nothing
  }
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(showPending);
  }
}

function showPending() {
  drawing = false;
  const log = byId('log');
  records.push(...pending);
  byId('records').append(...pending.map(row));
  pending = [];
  while (records.length > MOST_RECORDS) {
    records.shift();
    byId('records').deleteRow(0);
  }
  if (byId('follow').checked) {
    log.scrollTop = log.scrollHeight;
  }
  drawChart();
}

function drawChart() {
  const names = new Set();
  for (const record of records) {
    for (const [name, value] of Object.entries(record.metadata ?? {})) {
      if (Number.isFinite(value)) names.add(name);
    }
  }
  const select = byId('metric');
  if ([...select.options].map(option => option.value).join() !== [...names].join()) {
    const chosen = names.has(select.value) ? select.value : [...names].find(name => name.includes('loss')) ?? [...names][0];
    select.replaceChildren(...[...names].map(name => new Option(name, name, false, name === chosen)));
  }
  byId('chart').hidden = names.size === 0;
  const points = records.filter(record => Number.isFinite(record.metadata?.[select.value]))
      .map(record => [record.sequenceNumber, record.metadata[select.value]]);
  if (points.length === 0) {
    byId('curve').setAttribute('points', '');
    return;
  }
  let low = Infinity, high = -Infinity;
  for (const [, value] of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const first = points[0][0], last = points.at(-1)[0];
  const x = number => last === first ? 500 : 1000 * (number - first) / (last - first);
  const y = value => high === low ? 50 : 97 - 94 * (value - low) / (high - low);
  byId('curve').setAttribute('points', points.map(([number, value]) => x(number).toFixed(1) + ',' + y(value).toFixed(1)).join(' '));
  const short = value => Number(value.toPrecision(6));
  byId('range').textContent = `${short(low)} to ${short(high)}, records ${first} to ${last}`;
}

async function show(chosen) {
  const current = ++shows;
  stream?.close();
  session = chosen;
  records = [];
  pending = [];
  byId('records').replaceChildren();
  markSession();
  showRun().catch(tell);
  if (!session) {
    drawChart();
    return;
  }
  const wanted = filter();
  const now = (await get('/sessions')).sessions.find(one => one.id === chosen.id) ?? chosen;
  const page = wanted.levels.length === 0 ? {logs: []} : await get(`/sessions/${chosen.id}/logs?${query(wanted)}`);
  if (current !== shows) {
    return;
  }
  page.logs.reverse().forEach(add);
  const isWhole = query(wanted).size === 3;
  const newest = page.logs.at(-1)?.sequenceNumber ?? -1;
  follow(isWhole ? newest : now.nextSequenceNumber - 1, record => {
    if (current === shows && record.sequenceNumber > newest && passes(record, wanted)) add(record);
  }, () => current === shows);
}

/** Gives each new record. A browser connects again by itself, but not to a server that has turned it away. */
function follow(after, each, isWanted) {
  stream = new EventSource(`/sessions/${session.id}/logs/stream?after=${after}`);
  stream.addEventListener('record', event => {
    const record = JSON.parse(event.data);
    after = record.sequenceNumber;
    each(record);
  });
  stream.onerror = event => {
    if (event.target.readyState === EventSource.CLOSED) {
      setTimeout(() => isWanted() && follow(after, each, isWanted), AGAIN_MILLIS);
    }
  };
}

function markSession() {
  for (const button of byId('sessions').children) {
    button.setAttribute('aria-current', button.dataset.id === session?.id);
  }
}

async function listSessions() {
  const list = (await get('/sessions')).sessions;
  if (JSON.stringify(list) === listed) {
    return list;
  }
  listed = JSON.stringify(list);
  byId('sessions').replaceChildren(...list.map(one => {
    const button = document.createElement('button');
    button.dataset.id = one.id;
    button.append(one.name);
    const about = document.createElement('small');
    about.textContent = `${one.workspace} · ${one.logCount} records`;
    button.append(about);
    button.onclick = () => show(one).catch(tell);
    return button;
  }));
  markSession();
  return list;
}

function tell(failure) {
  byId('status').textContent = failure.message ?? '';
}

byId('sign-in').onsubmit = async event => {
  event.preventDefault();
  const credential = byId('credential').value;
  const answer = await fetch('/sign-in', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(development && credential.split('.').length !== 3 ? {userName: credential} : {token: credential}),
  });
  const json = await answer.json();
  byId('status').textContent = answer.ok ? '' : json.error;
  if (answer.ok) {
    const [newest] = await listSessions();
    await show(newest);
  }
};
byId('filters').oninput = event => {
  if (event.target.id !== 'follow') show(session).catch(tell);
};
byId('filters').onsubmit = event => event.preventDefault();
byId('metric').onchange = drawChart;

(async () => {
  development = (await get('/sign-in')).development;
  byId('who').textContent = development ? 'User name' : 'Token';
  const [newest] = await listSessions().catch(() => []);   // not signed in yet
  await show(newest);
  setInterval(() => document.hidden || listSessions().catch(() => {}), 5000);
})().catch(tell);
