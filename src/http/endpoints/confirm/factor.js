// The second step: an account with a second factor is asked for it before anything is done.

const canUsePasskeys = 'parseRequestOptionsFromJSON' in (globalThis.PublicKeyCredential ?? {});

// Asks the browser for a passkey. Null if the person does not go through with it.
async function passkeyFactor(options) {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return { passkey: (await navigator.credentials.get({ publicKey })).toJSON() };
  } catch {
    return null;
  }
}

// An app shows six digits. A recovery code is longer.
function typedFactor(text) {
  const code = text.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(code) ? { totp: code } : { recoveryCode: text };
}

function codeField(methods) {
  const kinds = ['TOTP', 'RECOVERY_CODE'].filter((kind) => methods.includes(kind));
  if (!kinds.length) return [];
  return [
    element('label', { htmlFor: 'code' }, say.factor.labels[kinds.join()]),
    element('input', { id: 'code', type: 'text', autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: false, required: true }),
    element('button', { type: 'submit' }, say.factor.act),
  ];
}

// Asks for a second factor. `send` takes it, and gives the outcome.
function askForFactor(purpose, required, send) {
  const { methods } = required;
  let { passkeyOptions } = required;
  const fields = codeField(methods);
  const withPasskey = canUsePasskeys && methods.includes('PASSKEY') && passkeyOptions;
  if (!fields.length && !withPasskey) return end(say.over.SecondFactorRequired, 'over');
  const form = element('form', {}, ...fields);
  const button = withPasskey ? element('button', { type: 'button', id: 'passkey' }, say.factor.passkey) : null;
  let isBusy = false;
  const attempt = async (make) => {
    if (isBusy) return;
    isBusy = true;
    status.textContent = say.wait;
    const factor = await make();
    const outcome = factor ? await send(factor) : { result: { __typename: 'noPasskey' } };
    if (outcome.result?.__typename === 'InvalidPasskey' && purpose === 'RESET_PASSWORD') {
      // The link lives longer than the options, and without a factor it brings new ones.
      passkeyOptions = (await send()).result?.passkeyOptions ?? passkeyOptions;
    }
    isBusy = false;
    status.textContent = '';
    conclude(purpose, outcome, form);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(() => typedFactor(form.querySelector('#code').value));
  });
  button?.addEventListener('click', () => attempt(() => passkeyFactor(passkeyOptions)));
  show(say.factor.title, 'factor', ...[element('p', {}, say.factor.explain), button, form].filter(Boolean));
}
