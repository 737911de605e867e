import { readFile } from 'node:fs/promises';
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
  providers: { providers: 'src/providers/index.ts' },
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
  // Some bundlers and runtimes recognize Node's modules only by the prefix.
  removeNodeProtocol: false,
  splitting: true,
  treeshake: true,
  external: ['#platform', /^node:/, 'undici'],
} satisfies Options;

/**
 * Replaces `isDevelopment` by its expression. Bundlers of applications remove the texts of errors only if the condition is
 * in the same place: they do not evaluate a variable of another file.
 */
const developmentFlag: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'development-flag',
  setup(build) {
    build.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!/^import \{ isDevelopment \} /m.test(source)) return undefined;
      const contents = source
        .replace(/^import \{ isDevelopment \} .*$/m, '')
        .replaceAll(/\bisDevelopment\b/g, "(typeof ngDevMode === 'undefined' || ngDevMode)");
      return { contents, loader: 'ts' };
    });
  },
};

/** Keeps one class of each error, so that `instanceof` works across entries. */
const sharedErrors: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'shared-errors',
  setup(build) {
    build.onResolve({ filter: /\/errors\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './errors.js', external: true },
    );
  },
};

// Entries that no application uses together are built separately: each additional chunk costs start-up time.
const { server, browser, platform, errors, providers } = entries;
export default defineConfig([
  { ...shared, entry: errors, esbuildPlugins: [developmentFlag] },
  { ...shared, entry: server, esbuildPlugins: [sharedErrors, developmentFlag] },
  { ...shared, entry: providers, esbuildPlugins: [sharedErrors, developmentFlag] },
  { ...shared, entry: browser, esbuildPlugins: [sharedErrors, developmentFlag] },
  { ...shared, entry: platform, splitting: false, esbuildPlugins: [sharedErrors, developmentFlag] },
  { ...shared, entry: { ...server, ...providers, ...browser, ...platform }, dts: { only: true } },
]);
