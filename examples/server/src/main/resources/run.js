'use strict';
// Parameters and tracks of the session that is shown. Nothing is asked for while the section is closed.
const MOST_TRACKS = 50;

function entry(name, value) {
  const term = document.createElement('dt');
  term.textContent = name;
  const text = document.createElement('dd');
  text.textContent = value;
  return [term, text];
}

async function trackEntry(id, track) {
  const end = Number(track.totalDataPoints);
  const path = `/sessions/${id}/tracks/${encodeURIComponent(track.name)}/data?startIndex=${end - 1}&limit=1`;
  const newest = await get(path).then(page => JSON.stringify(page.data[0].data)).catch(() => '?');
  return entry(track.name, `${newest} · ${end} points`);
}

async function showRun() {
  const shown = session;
  byId('run-parameters').replaceChildren();
  byId('run-tracks').replaceChildren();
  if (!shown || !byId('run').open) {
    return;
  }
  const answer = await fetch(`/sessions/${shown.id}/parameters`);
  const parameters = answer.ok ? (await answer.json()).data : {};      // 404 if there are none
  const tracks = (await get(`/sessions/${shown.id}/tracks`)).tracks.slice(0, MOST_TRACKS);
  const trackEntries = await Promise.all(tracks.map(track => trackEntry(shown.id, track)));
  if (session?.id === shown.id) {
    const entries = Object.entries(parameters).map(([name, value]) => entry(name, JSON.stringify(value)));
    byId('run-parameters').replaceChildren(...entries.flat());
    byId('run-tracks').replaceChildren(...trackEntries.flat());
  }
}

byId('run').ontoggle = () => showRun().catch(tell);
