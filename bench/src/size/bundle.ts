import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface Bundle {
  readonly code: string;
  /** Minified size in bytes. */
  readonly minified: number;
  /** Minified and gzipped size in bytes. */
  readonly gzipped: number;
}

/** Frameworks that the application already contains. */
const frameworks = [
  '@angular/*',
  'rxjs',
  'rxjs/*',
  'tslib',
  'react',
  'react/*',
  'react-dom',
  'next',
  'next/*',
];

/** Bundles an entry as a browser application does. */
export async function bundle(file: string, platform: 'browser' | 'node' = 'browser'): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform,
    target: 'es2022',
    legalComments: 'none',
    define: { ngDevMode: 'false' },
    external: [...frameworks, 'node:*', 'undici'],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  return { code, minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}
