// The page behind a link from a mail. It asks the server what the link leads to, says so, and acts only when the button is pressed.
// The server puts the constant `documents` before this, and the files words.js, device.js and factor.js.

const language = (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in words) ?? 'en';
const say = words[language];
const [main, title, status, content] = ['main', '#title', '#status', '#content'].map((name) => document.querySelector(name));

// The link is taken out of the address bar and kept for a reload of this tab. Scripts of this origin alone can read it there, and it is
// forgotten once it was used.
const kept = {
  name: 'portcullis.link',
  put(link) {
    try {
      if (link) sessionStorage.setItem(this.name, link);
      else sessionStorage.removeItem(this.name);
    } catch {
      // Storage is switched off: whoever reloads opens the link in the mail again.
    }
  },
  get() {
    try {
      return sessionStorage.getItem(this.name);
    } catch {
      return null;
    }
  },
};

function readLink() {
  const fragment = location.hash;
  if (!fragment) return { link: kept.get() };
  history.replaceState(null, '', location.pathname + location.search);
  const link = /^#[a-z-]+=(pcl_[\w-]{43})$/.exec(fragment)?.[1];
  kept.put(link);
  return { link, malformed: !link };
}

// Sends one document. Gives the value of its only field, or the code of what failed.
async function ask(name, variables) {
  let answer;
  try {
    const response = await fetch(new URL('graphql', location.href), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: documents[name], variables }),
      cache: 'no-store',
      signal: AbortSignal.timeout(30_000),
    });
    answer = await response.json();
  } catch {
    return { failed: 'network' };
  }
  const error = answer?.errors?.[0];
  if (error) return { failed: error.extensions?.code ?? 'UNKNOWN', retryAfter: error.extensions?.retryAfter };
  return { result: Object.values(answer?.data ?? {})[0] };
}

// Which document uses a link, and its input.
const uses = {
  CONFIRM_REGISTRATION: (link) => ['ConfirmRegistration', { proof: { link } }],
  CONFIRM_EMAIL: (link) => ['ConfirmEmail', { proof: { link } }],
  SIGN_IN: (link) => ['SignInWithEmail', { proof: { link } }],
  RESET_PASSWORD: (link, newPassword) => ['CompletePasswordReset', { proof: { link }, newPassword }],
  CONFIRM_EMAIL_CHANGE: (link) => ['CompleteEmailChange', { proof: { link } }],
  REVERT_EMAIL_CHANGE: (link) => ['RevertEmailChange', { flow: link }],
};

// Where a second factor is asked for: which document takes it, and its input.
const completes = {
  SIGN_IN: (required, factor) => ['CompleteSignIn', { flow: required.flow, factor, transport: 'COOKIE' }],
  RESET_PASSWORD: (required, factor, link, newPassword) => ['CompletePasswordReset', { proof: { link }, newPassword, factor }],
};

// Uses the link. A session goes into a cookie. Where there are none, this page has no place for tokens: a new account is signed out
// again, and a sign-in is left to the application, so that its code still works.
async function use(purpose, link, password) {
  const [name, input] = uses[purpose](link, password);
  if (!['CONFIRM_REGISTRATION', 'SIGN_IN'].includes(purpose)) return ask(name, { input });
  const byCookie = await ask(name, { input: { ...input, transport: 'COOKIE' } });
  if (!['BAD_USER_INPUT', 'FORBIDDEN'].includes(byCookie.failed)) return byCookie;
  if (purpose === 'SIGN_IN') return { result: { __typename: 'noCookies' } };
  const byBody = await ask(name, { input: { ...input, transport: 'BODY' } });
  const refreshToken = byBody.result?.tokens?.refreshToken;
  if (!refreshToken) return byBody;
  await ask('Logout', { input: { refreshToken } });
  return { ...byBody, isSignedOut: true };
}

function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const list = (rows) =>
  element('dl', {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));

function show(heading, state, ...children) {
  main.dataset.state = state;
  document.title = `${heading} · ${location.host}`;
  title.textContent = heading;
  status.textContent = '';
  content.replaceChildren(...children);
  title.focus();
}

// The last word: nothing is left to do on this page.
function end([heading, text], state) {
  kept.put(null);
  show(heading, state, element('p', {}, text));
}

const time = (text) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text));

// What is wrong where the link is still good: a sentence, and more of them.
function problem({ result, failed, retryAfter }) {
  const seconds = result?.retryAfter ?? retryAfter ?? 0;
  const wait = seconds < 60 ? say.soon : say.inMinutes(Math.ceil(seconds / 60));
  if (failed === 'network') return [say.problems.network];
  if (failed === 'RATE_LIMITED' || result?.__typename === 'RateLimited') return [say.problems.RateLimited(wait)];
  if (failed === 'SERVER_BUSY' || failed === 'SERVICE_UNAVAILABLE') return [say.problems.busy];
  if (failed === 'FEATURE_DISABLED') return [say.problems.FEATURE_DISABLED];
  if (failed) return [say.problems.other(failed)];
  if (result?.__typename === 'WeakPassword') return [say.problems.WeakPassword, ...[result.message, ...result.suggestions]];
  if (['InvalidCode', 'InvalidPasskey', 'noPasskey'].includes(result?.__typename)) return [say.problems[result.__typename]];
  if (result?.__typename === 'InvalidInput') return result.fields.map(({ code, message }) => say.problems[code] ?? message);
  return [result?.message ?? say.problems.other('UNKNOWN')];
}

// The sentences of the server are in English.
function warning(sentences) {
  const [first, ...more] = sentences;
  const items = more.map((sentence) => element('li', { lang: 'en' }, sentence));
  return element('div', { role: 'alert', id: 'problem', tabIndex: -1 }, element('p', {}, first), items.length ? element('ul', {}, ...items) : null);
}

function passwordFields(email) {
  const input = element('input', {
    id: 'password', type: 'password', autocomplete: 'new-password', required: true, minLength: 8, 'aria-describedby': 'hint',
  });
  const box = element('input', { type: 'checkbox' });
  box.addEventListener('change', () => (input.type = box.checked ? 'text' : 'password'));
  return [
    // Password managers store the password under this name.
    element('input', { type: 'email', autocomplete: 'username', value: email, hidden: true, readOnly: true }),
    element('label', { htmlFor: 'password' }, say.password),
    input,
    element('p', { id: 'hint', className: 'hint' }, say.passwordHint),
    element('label', { className: 'choice' }, box, say.show),
  ];
}

function conclude(purpose, outcome, form) {
  const kind = outcome.result?.__typename;
  if (kind?.endsWith('Success')) return end(say.done[outcome.isSignedOut ? 'signInNow' : purpose], 'done');
  if (say.over[kind]) return end(say.over[kind], 'over');
  form.querySelector('#problem')?.remove();
  const told = warning(problem(outcome));
  const [button] = form.querySelectorAll('button');
  if (button) button.before(told);
  else form.append(told);
  const input = form.querySelector('#password, #code');
  const isInput = input && ['WeakPassword', 'InvalidInput', 'InvalidCode'].includes(kind);
  input?.setAttribute('aria-invalid', Boolean(isInput));
  const described = [input?.id === 'password' && 'hint', isInput && 'problem'].filter(Boolean).join(' ');
  if (described) input.setAttribute('aria-describedby', described);
  else input?.removeAttribute('aria-describedby');
  (isInput ? input : told).focus();
  if (isInput) input.select();
}

function offer(link, found) {
  const { purpose, email } = found;
  const isRevert = purpose === 'REVERT_EMAIL_CHANGE';
  const button = element('button', { type: 'submit' }, say.acts[purpose]);
  const form = element('form', {}, ...(purpose === 'RESET_PASSWORD' ? passwordFields(email) : []), button);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.ariaDisabled === 'true') return;
    button.ariaDisabled = 'true';
    status.textContent = say.wait;
    const password = form.querySelector('#password')?.value;
    const outcome = await use(purpose, link, password);
    button.ariaDisabled = 'false';
    status.textContent = '';
    const required = outcome.result;
    if (required?.__typename !== 'SecondFactorRequired') return conclude(purpose, outcome, form);
    // The link of a sign-in is used by now.
    if (purpose === 'SIGN_IN') kept.put(null);
    askForFactor(purpose, required, (factor) => {
      const [name, input] = completes[purpose](required, factor, link, password);
      return ask(name, { input });
    });
  });
  show(
    say.titles[purpose],
    'asking',
    element('p', {}, say.explains[purpose]),
    list([
      [say.email, email],
      [say.newEmail, found.newEmail],
      [say.username, found.username],
      [say.expiresAt, time(found.expiresAt)],
    ]),
    form,
    element('h2', {}, isRevert ? say.changed : say.asked),
    list([
      [say.device, device(found.userAgent, say)],
      [say.ipAddress, found.ipAddress],
      [say.requestedAt, time(found.requestedAt)],
    ]),
    element('p', { className: 'note' }, isRevert ? say.wanted : say.unasked),
  );
}

async function start({ link, malformed }) {
  if (!link) return end(malformed ? say.over.malformed : say.over.none, 'over');
  title.textContent = say.wait;
  const { result, failed, retryAfter } = await ask('EmailLink', { link });
  if (failed) {
    const button = element('button', { type: 'button' }, say.again);
    button.addEventListener('click', () => start({ link }));
    return show(say.heading, 'over', warning(problem({ failed, retryAfter })), button);
  }
  if (!result) return end(say.over.FlowExpired, 'over');
  offer(link, result);
}

document.documentElement.lang = language;
document.querySelector('#host').textContent = location.host;
// Another link that is opened in this tab changes the fragment alone.
addEventListener('hashchange', () => start(readLink()));
start(readLink());
