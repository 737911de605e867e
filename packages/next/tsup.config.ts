import { defineConfig } from 'tsup';

const shared = {
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  // The types of the built packages, as users resolve them.
  dts: { compilerOptions: { customConditions: [] } },
  // Some bundlers and runtimes recognize Node's modules only by the prefix.
  removeNodeProtocol: false,
  treeshake: true,
  external: [/^next\//, 'react', 'react/jsx-runtime', /^@countersign\/core/],
} as const;

export default defineConfig([
  { ...shared, entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' } },
  {
    ...shared,
    // Next.js takes files whose path contains `next/dist/client` for its own, and compiles them to CommonJS with Babel.
    entry: { components: 'src/client/index.tsx' },
    // Tree shaking removes the directive, which must be the first statement of the file.
    treeshake: false,
    banner: { js: "'use client';" },
  },
]);
