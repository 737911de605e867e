import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { builtFile, type PublishedPackage } from './packages.ts';

export interface Bundle {
  readonly code: string;
  /** Minified and gzipped, in bytes. */
  readonly size: number;
}

/** Bundles one built entry as a browser application would, leaving out what the application brings itself. */
export async function bundleForBrowser(
  of: PublishedPackage,
  subpath: string,
  imports?: readonly string[],
): Promise<Bundle> {
  const file = builtFile(of, subpath);
  const peers = Object.keys(of.manifest.peerDependencies ?? {});
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${imports ? `{ ${imports.join(', ')} }` : '*'} from ${JSON.stringify(file)};`,
      resolveDir: of.directory,
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    // As every production build of Angular has it.
    define: { ngDevMode: 'false' },
    conditions: ['browser', 'import'],
    external: ['node:*', 'undici', ...peers, ...peers.map((name) => `${name}/*`)],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  return { code, size: gzipSync(code, { level: 9 }).length };
}
