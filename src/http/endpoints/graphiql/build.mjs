// Bundles the page into dist/: graphiql.js, graphiql.css and the licences of everything in them.
// Same sources and lock file, same bytes.
import { build } from 'esbuild';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operations } from './operations.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
process.chdir(root);
const file = (path) => resolve(root, path);

// GraphiQL's style sheet carries 350 kB of embedded fonts; page.css names system fonts instead.
const dropFonts = {
  name: 'drop-fonts',
  setup: ({ onLoad }) =>
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/@font-face\s*\{[^}]*\}/g, ''),
      loader: 'css',
    })),
};

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { graphiql: 'main.jsx' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  alias: {
    // Parts that aren't used, left out.
    'framer-motion': file('stand-ins/framer-motion.jsx'),
    'react-remove-scroll': file('stand-ins/react-remove-scroll.jsx'),
    '@headlessui/react': file('node_modules/@headlessui/react/dist/components/combobox/combobox.js'),
    entities: file('node_modules/entities/lib/esm/decode.js'),
  },
  plugins: [dropFonts, operations],
  legalComments: 'none',
  banner: {
    js: '/*! Built from src/http/endpoints/graphiql. Licences of the software in it: THIRD-PARTY-LICENSES.txt */',
    css: '/*! Built from src/http/endpoints/graphiql. Licences of the software in it: THIRD-PARTY-LICENSES.txt */',
  },
  metafile: true,
  logLevel: 'warning',
});

// Every package that put at least a byte into the output, with its licence. A package without one fails the build.
const packages = new Set();
for (const output of Object.values(metafile.outputs)) {
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const found = bytesInOutput > 0 && path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/);
    if (found) packages.add(found[0]);
  }
}

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const shipped = [];
for (const path of [...packages].sort()) {
  const { name, version, license, author, repository } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const files = (await readdir(path)).filter((entry) => LICENCE.test(entry)).sort();
  const texts = await Promise.all(files.map((entry) => readFile(join(path, entry), 'utf8')));
  const source = String(repository?.url ?? repository)
    .replace(/^git\+|\.git$/g, '')
    .replace('github.com/facebook/react', 'github.com/react/react'); // it has moved
  const text = texts.map((each) => each.replace(/\r\n?/g, '\n').trim()).join('\n\n');
  shipped.push({ name, version, license, author, source, text });
}
// Some packages name their licence and forget its text: then it's the one of their repository, or the standard one.
for (const each of shipped.filter(({ text }) => !text)) {
  const sibling = shipped.find(({ text, source, license }) => text && source === each.source && license === each.license);
  if (sibling) each.text = sibling.text;
  else if (each.license === 'MIT' && each.author) each.text = mit(each.author.name ?? each.author);
  else throw new Error(`${each.name}: no licence text`);
}

function mit(holder) {
  return `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;
}

const rule = `\n${'-'.repeat(80)}\n\n`;
const intro = 'The GraphiQL page of Portcullis (graphiql.js, graphiql.css) contains the following software.\n';
const sections = shipped.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
await writeFile('dist/THIRD-PARTY-LICENSES.txt', [intro, ...sections].join(rule));

for (const [path, { bytes }] of Object.entries(metafile.outputs)) console.log(`${path}  ${bytes} bytes`);
