import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
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
    plugins: [angularClasses],
    external: ['node:*', 'undici', ...peers, ...peers.map((name) => `${name}/*`)],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  return { code, size: gzipSync(code, { level: 9 }).length };
}

/** Lets the bundler remove unused classes of a library for Angular, as builds of Angular do. */
const angularClasses: Plugin = {
  name: 'angular-classes',
  setup(build) {
    build.onLoad({ filter: /fesm2022[/\\].*\.mjs$/ }, async ({ path }) => ({
      contents: markAngularClasses(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

/** Marks classes with declarations as free of side effects, and removes what only development builds contain. */
export const markAngularClasses = (code: string): string =>
  code
    .replace(/^\w+\.ɵɵngDeclareClassMetadata\(\{[\s\S]*?^\}\);$/gm, '')
    .replace(/^var (\w+) = (class \1 \{\n[\s\S]*?^\});$/gm, (text, name: string, expression: string) =>
      text.includes('ɵɵngDeclare') ? `var ${name} = /* @__PURE__ */ (() => ${expression})();` : text,
    );
