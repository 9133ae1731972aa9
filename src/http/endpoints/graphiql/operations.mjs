// Makes the module `operations`: each document of collections/operations once, in the order of collections/requests.json, with the
// variables of the first request that sends it.
import { readFile } from 'node:fs/promises';

const collections = new URL('../../../../collections/', import.meta.url);
const text = (path) => readFile(new URL(path, collections), 'utf8');

async function read() {
  const requests = JSON.parse(await text('requests.json'));
  const first = requests.filter(({ operation }, place) => requests.findIndex((each) => each.operation === operation) === place);
  const operations = first.map(async ({ operation: name, variables }) => ({
    name,
    query: await text(`operations/${name}.graphql`),
    variables,
  }));
  return Promise.all(operations);
}

export const operations = {
  name: 'operations',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^operations$/ }, ({ path }) => ({ path, namespace: 'operations' }));
    onLoad({ filter: /.*/, namespace: 'operations' }, async () => ({ contents: JSON.stringify(await read()), loader: 'json' }));
  },
};
