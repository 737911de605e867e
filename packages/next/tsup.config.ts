import { defineConfig } from 'tsup';

const shared = {
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  treeshake: true,
  external: [/^next\//, 'react', 'react/jsx-runtime', /^@countersign\/core/],
} as const;

export default defineConfig([
  { ...shared, entry: { index: 'src/index.ts' }, clean: ['dist/index*'] },
  {
    ...shared,
    entry: { client: 'src/client/index.tsx' },
    clean: ['dist/client*'],
    // The directive must stand first in the file; bundling would drop it.
    treeshake: false,
    banner: { js: "'use client';" },
  },
]);
