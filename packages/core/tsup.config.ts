import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    browser: 'src/browser/index.ts',
    worker: 'src/browser/worker/index.ts',
    session: 'src/session/index.ts',
    api: 'src/api/index.ts',
    node: 'src/node/index.ts',
    'platform/node': 'src/internal/platform/node.ts',
    'platform/web': 'src/internal/platform/web.ts',
  },
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  external: ['#platform', /^node:/, 'undici'],
});
