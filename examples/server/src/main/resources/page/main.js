// Starts the page: the signed-in user, the view that the address names, and keys that work everywhere.

import * as address from './address.js';
import * as api from './api.js';
import {byId, isTyping} from './dom.js';
import {Run} from './run.js';
import {Runs} from './runs.js';
import {themeButton} from './theme.js';

const REFRESH_MILLIS = 5000;

const runs = new Runs(tell);
const run = new Run(tell);
let isDevelopment = false;
let isSignedIn = false;

function tell(failure) {
  if (api.isOutOfDate(failure)) return;
  if (failure.status === 401) {
    showSignIn();
    return;
  }
  console.warn(failure);
  byId('status').textContent = failure.message;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { byId('status').textContent = ''; }, 10_000);
}

function showOnly(id) {
  for (const main of document.querySelectorAll('main')) main.hidden = main.id !== id;
}

function showSignIn() {
  isSignedIn = false;
  run.close();
  runs.clear();
  byId('user').textContent = '';
  byId('sign-out').hidden = true;
  byId('credential-name').textContent = isDevelopment ? 'User name' : 'Token';
  byId('credential').type = isDevelopment ? 'text' : 'password';
  byId('sign-in-hint').textContent = isDevelopment
      ? 'The server runs in development mode: any name is accepted.'
      : 'Ask the operator of the server for a token. Programs log with the same tokens.';
  document.title = 'Dreamlake';
  showOnly('sign-in');
  byId('credential').focus();
}

function showUser(name) {
  isSignedIn = true;
  byId('user').textContent = name;
  byId('sign-out').hidden = false;
}

/** Shows the view of the address. */
function show(view) {
  if (!isSignedIn) return;
  if (view.run) {
    showOnly('run');
    run.open(view).catch(tell);
  } else {
    run.close();
    document.title = 'Dreamlake';
    showOnly('runs');
    runs.move(view);
    runs.load().catch(tell);
  }
}

address.onMove((view, before) => {
  if (!isSignedIn) return;
  if (view.run !== before.run) {
    show(view);
  } else if (view.run) {
    run.move(view);
  } else {
    runs.move(view);
  }
});

byId('sign-in').onsubmit = async event => {
  event.preventDefault();
  const credential = byId('credential').value.trim();
  byId('sign-in-error').textContent = '';
  try {
    const isToken = !isDevelopment || credential.split('.').length === 3;
    const {userName} = await api.signIn(isToken ? {token: credential} : {userName: credential});
    byId('credential').value = '';
    showUser(userName);
    show(address.view());
  } catch (failure) {
    byId('sign-in-error').textContent = failure.message;
  }
};

byId('sign-out').onclick = () => api.signOut().then(showSignIn, tell);

addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !isSignedIn) return;
  const isRun = address.view().run !== undefined;
  if (event.key === 'Escape') {
    if (isRun && isTyping(event)) run.focusLog();
    else if (isRun) run.escape();
  } else if (isTyping(event)) {
    return;
  } else if (event.key === '/') {
    event.preventDefault();
    if (isRun) run.focusSearch();
    else byId('find-runs').focus();
  } else if (isRun && ['j', 'k'].includes(event.key)) {
    run.focusLog();
    byId('records').querySelector('.window').dispatchEvent(new KeyboardEvent('keydown', {key: event.key}));
  }
});

function refresh() {
  if (document.hidden || !isSignedIn) return;
  // A failed refresh is tried again soon. It is reported only if the user is no longer signed in.
  (address.view().run ? run.refresh() : runs.load()).catch(failure => failure.status === 401 && tell(failure));
}

// A browser keeps pages that the user has left, for its back button, and keeps their streams connected. Each stream takes
// one of the six connections that it makes to a server, so after a few visits no request would get through.
addEventListener('pagehide', () => run.close());
addEventListener('pageshow', event => event.persisted && show(address.view()));

themeButton(byId('theme'));
setInterval(refresh, REFRESH_MILLIS);
document.addEventListener('visibilitychange', refresh);
api.whoIsSignedIn().then(({development, userName}) => {
  isDevelopment = development;
  if (userName === null) {
    showSignIn();
  } else {
    showUser(userName);
    show(address.view());
  }
}).catch(tell);
