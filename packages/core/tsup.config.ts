import { defineConfig, type Options } from 'tsup';

const entries = {
  errors: { errors: 'src/errors.ts' },
  server: {
    index: 'src/index.ts',
    session: 'src/session/index.ts',
    'session-adapter': 'src/session/adapter.ts',
    'resource-server': 'src/resource-server/index.ts',
    node: 'src/node/index.ts',
  },
  browser: { browser: 'src/browser/index.ts', worker: 'src/browser/worker/index.ts' },
  platform: {
    'platform/node': 'src/internal/platform/node.ts',
    'platform/web': 'src/internal/platform/web.ts',
  },
};

const shared = {
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  sourcemap: true,
  splitting: true,
  treeshake: true,
  external: ['#platform', /^node:/, 'undici'],
} satisfies Options;

/** One class of each error, or `instanceof` would not hold from one entry to another. */
const errorsApart: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'errors-apart',
  setup(build) {
    build.onResolve({ filter: /\/errors\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './errors.js', external: true },
    );
  },
};

// What shares no application is built apart: every file more that an entry is cut into costs time at start-up.
const { server, browser, platform, errors } = entries;
export default defineConfig([
  { ...shared, entry: errors },
  { ...shared, entry: server, esbuildPlugins: [errorsApart] },
  { ...shared, entry: browser, esbuildPlugins: [errorsApart] },
  { ...shared, entry: platform, splitting: false, esbuildPlugins: [errorsApart] },
  { ...shared, entry: { ...server, ...browser, ...platform }, dts: { only: true } },
]);
