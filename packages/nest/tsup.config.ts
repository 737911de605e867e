import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  dts: true,
  // Some bundlers and runtimes recognize Node's modules only by the prefix.
  removeNodeProtocol: false,
  clean: true,
  splitting: true,
  treeshake: true,
  tsconfig: 'tsconfig.build.json',
});
