// The tokens of the last sign-in. They live in these variables and nowhere else: a reload forgets them.
let token = null;
let refreshToken = null;

// What the page may show of it: `note` says why the token is no longer good, if it isn't.
let status = { signedIn: false, name: null, note: null };
const listeners = new Set();

function show(next) {
  status = next;
  listeners.forEach((listener) => listener());
}

export const session = {
  status: () => status,
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  forget() {
    token = null;
    refreshToken = null;
    show({ signedIn: false, name: null, note: null });
  },
};

// A fresh token replaces the old one. After a logout, and when the account is deleted, the token is kept and still sent, to show
// that it is refused.
function learn(answer, sentToken) {
  for (const result of Object.values(answer?.data ?? {})) {
    if (typeof result?.tokens?.accessToken === 'string') {
      token = result.tokens.accessToken;
      // Null when the cookie has it; left out when it was not asked for. A session that goes on keeps the one that it has.
      const goesOn = result.__typename === 'ReauthenticateSuccess';
      if (result.tokens.refreshToken !== undefined && !goesOn) refreshToken = result.tokens.refreshToken;
      show({ signedIn: true, name: result.user?.username ?? result.user?.email ?? null, note: null });
    } else if ((result?.ended === true || result?.deletedAt) && sentToken && sentToken === token) {
      show({ ...status, note: 'signed out' });
    }
  }
  const refusal = answer?.errors?.find?.((error) => error?.extensions?.code === 'UNAUTHENTICATED');
  if (refusal && sentToken && sentToken === token) {
    show({ ...status, note: refusal.extensions.reason ?? 'UNAUTHENTICATED' });
  }
}

// Beside the page, wherever a proxy has put it. Its address may end with a slash or without.
const endpoint = `${location.origin}${location.pathname.replace(/\/*$/, '/')}graphql`;

const failure = (message, extra) => ({ errors: [{ message, ...extra }] });

// Headers set by the user win, whatever their case; an empty one is not sent at all.
function requestHeaders(operationName, own) {
  const headers = new Headers({
    accept: 'application/graphql-response+json, application/json',
    'content-type': 'application/json',
  });
  if (token && operationName !== 'IntrospectionQuery') headers.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(own ?? {})) {
    if (value) headers.set(name, value);
    else headers.delete(name);
  }
  return headers;
}

// A refresh token that is left empty is the one that the page has; where it has none, null: the server looks at the cookie.
function filled(variables) {
  if (variables?.input?.refreshToken !== '') return variables;
  return { ...variables, input: { ...variables.input, refreshToken } };
}

// Never throws: what goes wrong is shown like an answer. An HTTP status of 400 and above with a JSON body is an answer.
export async function fetcher({ query, variables, operationName }, { headers: own } = {}) {
  let headers;
  try {
    headers = requestHeaders(operationName, own);
  } catch (error) {
    return failure(`The Headers pane can't be sent: ${error.message}`);
  }

  let response, text;
  try {
    const body = JSON.stringify({ query, variables: filled(variables), operationName });
    response = await fetch(endpoint, { method: 'POST', headers, body });
    text = await response.text();
  } catch (error) {
    return failure(`No answer from ${endpoint}. Is the server running? (${error.message})`);
  }

  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    return failure(`The server answered ${status}, and not with JSON.`, text && { body: text.slice(0, 500) });
  }
  learn(answer, token && headers.get('authorization') === `Bearer ${token}` ? token : null);
  return answer;
}
