// An example of a page that signs in with passwords and passkeys. It keeps tokens in memory alone.

import { addPasskey, offerPasskeys, passkeysOf, signIn, signInWithPasskey } from './passkeys.js';

const server = new URLSearchParams(location.search).get('server') ?? 'http://localhost:8080/graphql';
const at = (id) => document.getElementById(id);
let accessToken = null;
let offering = null;

function say(text) {
  at('status').textContent = text;
}

/** Does something that people may break off, and says what went wrong. */
async function attempt(work) {
  // A browser has one request for a passkey at a time.
  offering?.abort();
  say('');
  try {
    const outcome = await work();
    if (outcome?.message) say(outcome.message);
    return outcome;
  } catch (error) {
    say(error.message);
    return null;
  }
}

/** Signs in, or offers passkeys again. */
async function signInBy(work) {
  await entered(await attempt(work));
  if (!accessToken) offer();
}

async function entered(outcome) {
  if (outcome?.__typename !== 'LoginSuccess') return;
  accessToken = outcome.tokens.accessToken;
  at('who').textContent = outcome.user.email;
  at('methods').textContent = outcome.session.methods.join(' and ');
  await list();
  at('sign-in').hidden = true;
  at('account').hidden = false;
}

async function list() {
  const items = (await passkeysOf(server, accessToken)).map(({ name }) => {
    const item = document.createElement('li');
    item.textContent = name;
    return item;
  });
  at('passkeys').replaceChildren(...items);
}

async function offer() {
  const mine = new AbortController();
  offering = mine;
  // The options are valid for ten minutes.
  const renewal = setTimeout(() => {
    mine.abort();
    offer();
  }, 9 * 60 * 1000);
  try {
    const outcome = await offerPasskeys(server, mine.signal);
    if (outcome?.message) say(outcome.message);
    await entered(outcome);
  } catch (error) {
    // Nobody took the offer, or the person did something else.
    if (!['AbortError', 'NotAllowedError'].includes(error.name)) say(error.message);
  } finally {
    clearTimeout(renewal);
  }
}

at('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  signInBy(() => signIn(server, at('email').value, at('password').value));
});

at('by-passkey').addEventListener('click', () => signInBy(() => signInWithPasskey(server)));

at('add').addEventListener('click', async () => {
  const added = await attempt(() => addPasskey(server, accessToken, navigator.platform));
  if (added?.__typename !== 'AddPasskeySuccess') return;
  await list();
  at('codes').hidden = added.recoveryCodes.length === 0;
  at('codes').textContent = `Keep these codes:\n${added.recoveryCodes.join('\n')}`;
});

at('sign-out').addEventListener('click', () => location.reload());

offer();
