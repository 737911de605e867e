// Bundles browser.mjs or node.mjs with the defaults of a tool: node bundle.mjs TOOL PLATFORM FILE
import { basename, dirname, join } from 'node:path';

const [tool, platform, file] = process.argv.slice(2);
const forNode = platform === 'node';
const input = join(import.meta.dirname, `${platform}.mjs`);
const output = { format: 'es', file, inlineDynamicImports: true };
const external = forNode ? [/^node:/] : [];

/** Webpack and Rspack have the same options. */
const webpackOptions = {
  mode: 'production',
  target: forNode ? 'node22' : 'web',
  entry: input,
  experiments: { outputModule: true },
  output: {
    path: dirname(file),
    filename: basename(file),
    library: { type: 'module' },
    module: true,
    chunkFormat: 'module',
  },
  optimization: { minimize: false },
};

const runCompiler = (pack) =>
  new Promise((resolve, reject) => {
    pack(webpackOptions, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
      else resolve();
    });
  });

const bundlers = {
  esbuild: ({ build }) =>
    build({
      entryPoints: [input],
      bundle: true,
      format: 'esm',
      platform: forNode ? 'node' : 'browser',
      outfile: file,
    }),
  rollup: async ({ rollup }) => {
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const { default: commonjs } = await import('@rollup/plugin-commonjs');
    const resolve = nodeResolve(
      forNode ? { exportConditions: ['node'], preferBuiltins: true } : { browser: true },
    );
    const bundle = await rollup({ input, external, plugins: [resolve, commonjs()] });
    await bundle.write(output);
  },
  rolldown: async ({ rolldown }) => {
    const bundle = await rolldown({ input, platform: forNode ? 'node' : 'browser' });
    await bundle.write({ format: 'es', file, codeSplitting: false });
  },
  vite: ({ build }) =>
    build({
      logLevel: 'error',
      ...(forNode && { ssr: { noExternal: true } }),
      build: {
        ...(forNode
          ? { ssr: input }
          : { lib: { entry: input, formats: ['es'], fileName: () => basename(file) } }),
        target: 'esnext',
        minify: false,
        outDir: dirname(file),
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: basename(file), codeSplitting: false } },
      },
    }),
  webpack: ({ default: webpack }) => runCompiler(webpack),
  rspack: ({ rspack }) => runCompiler(rspack),
};

await bundlers[tool.split('-')[0]](await import(tool));
