/** A runtime that npm installs. */
export interface Runtime {
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
  /** The program, relative to the folder of the test, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** The file that is bundled first, with its dependencies. */
  readonly bundle?: { readonly from: string; readonly to: string };
}

export const runtimes: readonly Runtime[] = [
  {
    name: 'Bun',
    packages: { '@oven/bun-linux-x64': '1.4.5' },
    command: ['node_modules/@oven/bun-linux-x64/bin/bun', 'serve-bun.mjs'],
  },
  {
    name: 'Deno',
    packages: { '@deno/linux-x64-glibc': '2.9.6' },
    command: [
      'node_modules/@deno/linux-x64-glibc/deno',
      'run',
      '--allow-net',
      '--allow-env',
      '--allow-read',
      '--node-modules-dir=manual',
      'serve-deno.mjs',
    ],
  },
  {
    name: 'workerd',
    packages: { miniflare: '4.20260426.0' },
    command: [process.execPath, 'serve-workerd.mjs'],
    bundle: { from: 'worker.mjs', to: 'worker.bundle.mjs' },
  },
];
