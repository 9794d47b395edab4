// One file of Grafana's data source and ask.mjs. What only draws is replaced by something that can be called anything.
import { build } from 'esbuild';

const anything = `
const anything = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === '__esModule' ? false : anything),
  apply: () => anything,
  construct: () => anything,
});
module.exports = Object.create(anything);`;
const drawing = {
  name: 'drawing',
  setup(bundle) {
    const filter = /^(@grafana\/assistant|@grafana\/ui|monaco-editor.*|monaco-promql.*)$/;
    bundle.onResolve({ filter }, (found) => ({ path: found.path, namespace: 'drawing' }));
    bundle.onLoad({ filter: /.*/, namespace: 'drawing' }, () => ({ contents: anything, loader: 'js' }));
  },
};
await build({
  entryPoints: ['ask.mjs'],
  outfile: 'bundle.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  plugins: [drawing],
  loader: { '.css': 'empty', '.svg': 'text', '.png': 'text', '.woff2': 'empty' },
  logLevel: 'error',
  banner: { js: 'import { createRequire } from "module"; const require = createRequire(import.meta.url);' },
});
