// What a page needs to use passkeys with Portcullis. Nothing of it belongs to this example: copy it.

/** Sends a document, and gives the value of its only field. */
export async function send(server, document, input, accessToken) {
  const response = await fetch(server, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(accessToken && { authorization: `Bearer ${accessToken}` }) },
    body: JSON.stringify({ query: document, variables: { input } }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return Object.values(data)[0];
}

const SIGNED_IN = `__typename
  ... on UserError { code message }
  ... on LoginSuccess { user { id email } session { methods } tokens { accessToken refreshToken } }`;

const REQUIRED = '... on SecondFactorRequired { flow methods passkeyOptions }';

const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { ${SIGNED_IN} ${REQUIRED} } }`;

const COMPLETE = `mutation CompleteSignIn($input: CompleteSignInInput!) { completeSignIn(input: $input) { ${SIGNED_IN} } }`;

const START_SIGN_IN = 'mutation StartPasskeySignIn { startPasskeySignIn { options } }';

const SIGN_IN = `mutation SignInWithPasskey($input: PasskeySignInInput!) { signInWithPasskey(input: $input) { ${SIGNED_IN} } }`;

const START = `mutation StartPasskey {
  startPasskey { __typename ... on UserError { code message } ... on PasskeyOptions { options } }
}`;

const ADD = `mutation AddPasskey($input: AddPasskeyInput!) {
  addPasskey(input: $input) {
    __typename
    ... on UserError { code message }
    ... on AddPasskeySuccess { passkey { id name } recoveryCodes }
  }
}`;

const LIST = '{ me { passkeys { id name createdAt lastUsedAt backedUp } } }';

/** Asks the browser for a passkey, and gives what goes to the server. */
async function show(options, more) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey, ...more })).toJSON();
}

/** Signs in with a password, and with a passkey as second factor if the account has one. */
export async function signIn(server, identifier, password) {
  const first = await send(server, LOGIN, { identifier, password });
  if (first.__typename !== 'SecondFactorRequired' || !first.methods.includes('PASSKEY')) return first;
  const passkey = await show(first.passkeyOptions);
  return send(server, COMPLETE, { flow: first.flow, factor: { passkey } });
}

/** Signs in with a passkey alone, for a button. */
export async function signInWithPasskey(server) {
  const { options } = await send(server, START_SIGN_IN);
  return send(server, SIGN_IN, { credential: await show(options) });
}

/**
 * Offers passkeys in the form's fields (autofill). It waits until somebody picks one, so call it when the page opens. Ask anew
 * after the ten minutes for which the options are valid. A later request of the page aborts it: give it a signal.
 */
export async function offerPasskeys(server, signal) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return null;
  const { options } = await send(server, START_SIGN_IN);
  return send(server, SIGN_IN, { credential: await show(options, { mediation: 'conditional', signal }) });
}

/** Makes a passkey for whoever is signed in. Show the recovery codes once, if there are any. */
export async function addPasskey(server, accessToken, name) {
  const started = await send(server, START, undefined, accessToken);
  if (started.__typename !== 'PasskeyOptions') return started;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(started.options);
  const credential = (await navigator.credentials.create({ publicKey })).toJSON();
  return send(server, ADD, { credential, name }, accessToken);
}

/** The passkeys of whoever is signed in. */
export async function passkeysOf(server, accessToken) {
  return (await send(server, LIST, undefined, accessToken)).passkeys;
}
