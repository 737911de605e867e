import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  // The types of the built packages, as users resolve them.
  dts: { compilerOptions: { customConditions: [] } },
  // Some bundlers and runtimes recognize Node's modules only by the prefix.
  removeNodeProtocol: false,
  clean: true,
  treeshake: true,
  external: [/^@countersign\//],
});
