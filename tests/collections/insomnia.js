// Runs Insomnia's collection: insomnia.js FILE BASE_URL
//
// Insomnia's parser reads the file. npm has no runner of Insomnia's that knows scripts, so newman sends what the parser read:
// its `pm` has all that the scripts ask of `insomnia`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { convert } from 'insomnia-importers';
import newman from 'newman';

const [file, baseUrl] = process.argv.slice(2);
const { type, data } = await convert(await readFile(file, 'utf8'));
assert.equal(type.id, 'insomnia-4');

const every = (kind) => data.resources.filter(({ _type }) => _type === kind);
const [[workspace], [environment], requests] = ['workspace', 'environment', 'request'].map(every);
assert.equal(workspace.scope, 'collection');
assert.equal(environment.parentId, workspace._id);
assert.equal(new Set(data.resources.map(({ _id }) => _id)).size, 2 + requests.length, 'no two resources have one id');
assert(requests.every(({ parentId }) => parentId === workspace._id));

// Insomnia writes a variable as {{ _.name }}, newman as {{name}}.
const variables = (text) => text.replace(/\{\{ _\.(\w+) \}\}/g, '{{$1}}');
const event = (listen, script) => ({ listen, script: { exec: ['const insomnia = pm;', ...script.split('\n')] } });
const auth = {
  none: () => ({ type: 'noauth' }),
  bearer: ({ token }) => ({ type: 'bearer', bearer: [{ key: 'token', value: variables(token) }] }),
};
const item = requests
  .sort((one, other) => one.metaSortKey - other.metaSortKey)
  .map(({ name, method, url, headers, body, authentication, preRequestScript, afterResponseScript }) => ({
    name,
    event: [event('prerequest', preRequestScript), event('test', afterResponseScript)],
    request: {
      method,
      url: variables(url),
      header: headers.map(({ name, value }) => ({ key: name, value })),
      auth: auth[authentication.type](authentication),
      body: { mode: 'raw', raw: variables(body.text) },
    },
  }));

const values = { ...environment.data, baseUrl };
const variable = Object.entries(values).map(([key, value]) => ({ key, value }));
newman.run({ collection: { info: { name: workspace.name }, item, variable }, reporters: 'cli' }, (error, summary) => {
  if (error) throw error;
  if (summary.run.failures.length > 0) process.exitCode = 1;
});
