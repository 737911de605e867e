import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { findBuiltFile, type PublishedPackage } from './packages.ts';

export interface Bundle {
  readonly code: string;
  /** Minified and gzipped, in bytes. */
  readonly size: number;
}

/** Bundles a built entry as a browser application does, without peer dependencies. */
export async function bundleForBrowser(
  pkg: PublishedPackage,
  subpath: string,
  imports?: readonly string[],
): Promise<Bundle> {
  const file = findBuiltFile(pkg, subpath);
  // Core is a peer of the other packages, so that there is one copy of it. Its bytes are counted too.
  const peers = Object.keys(pkg.manifest.peerDependencies ?? {}).filter(
    (name) => !name.startsWith('@countersign/'),
  );
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${imports ? `{ ${imports.join(', ')} }` : '*'} from ${JSON.stringify(file)};`,
      resolveDir: pkg.directory,
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    // Production builds of Angular define it.
    define: { ngDevMode: 'false' },
    conditions: ['browser', 'import'],
    external: ['node:*', 'undici', ...peers, ...peers.map((name) => `${name}/*`)],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  return { code, size: gzipSync(code, { level: 9 }).length };
}
