import { fileURLToPath } from 'node:url';
import { type Benchmark, type Report, require, type Table } from '../benchmark.ts';
import { type Bundle, bundle } from './bundle.ts';

interface Entry {
  readonly name: string;
  readonly file: string;
  /** Maximum size in kilobytes. */
  readonly limit?: number;
}

const inBrowsers: readonly Entry[] = [
  { name: '@countersign/next/client', file: 'countersign-next-client', limit: 4.5 },
  { name: '@countersign/core/browser', file: 'countersign-browser', limit: 20.3 },
  { name: '@countersign/angular', file: 'countersign-angular', limit: 25.1 },
  { name: 'oauth4webapi alone', file: 'oauth4webapi' },
  { name: 'angular-oauth2-oidc', file: 'angular-oauth2-oidc' },
  { name: 'oidc-client-ts', file: 'oidc-client-ts' },
  { name: 'angular-auth-oidc-client', file: 'angular-auth-oidc-client' },
  { name: '@auth0/auth0-spa-js', file: 'auth0-spa-js' },
  { name: '@auth0/auth0-angular', file: 'auth0-angular' },
  { name: '@azure/msal-browser', file: 'msal-browser' },
  { name: '@azure/msal-angular', file: 'msal-angular' },
];
const onServers: readonly Entry[] = [
  { name: '@countersign/core/resource-server', file: 'countersign-resource-server' },
  { name: '@countersign/core/session', file: 'countersign-session' },
];

/** Strings of server code. */
const serverOnly = ['node:', 'undici', 'A256GCM', '__Host-'];

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);

export const benchmark: Benchmark = {
  name: 'size',
  title: 'Bundle size: login, callback, refresh and ID token validation',
  async run({ progress }): Promise<Report> {
    const rows: string[][] = [];
    const limits: Report['limits'][number][] = [];
    for (const entry of inBrowsers) {
      progress(entry.name);
      const output = await bundleEntry(entry);
      if (entry.limit !== undefined) {
        for (const word of serverOnly)
          require(!output.code.includes(word), `${entry.name} contains "${word}"`);
        limits.push({
          what: `${entry.name}: at most ${entry.limit} kB`,
          measured: `${kilobytes(output.gzipped)} kB`,
          holds: output.gzipped <= entry.limit * 1000,
        });
      }
      rows.push([entry.name, kilobytes(output.minified), kilobytes(output.gzipped)]);
    }
    const servers: Table = {
      title: 'Server entries',
      head: ['entry', 'minified, kB', 'gzip, kB'],
      rows: await Promise.all(
        onServers.map(async (entry) => {
          const output = await bundleEntry(entry, 'node');
          return [entry.name, kilobytes(output.minified), kilobytes(output.gzipped)];
        }),
      ),
    };
    return {
      tables: [{ title: 'Browser entries', head: ['entry', 'minified, kB', 'gzip, kB'], rows }, servers],
      limits,
      notes: [
        'Bundled by esbuild from the code of one login, without the framework (Angular, RxJS, React, Next). 1 kB is 1,000 bytes.',
        `No browser entry of Countersign contains ${serverOnly.map((word) => `\`${word}\``).join(', ')}.`,
      ],
      packages: [
        'oauth4webapi',
        'angular-oauth2-oidc',
        'oidc-client-ts',
        'angular-auth-oidc-client',
        '@auth0/auth0-spa-js',
        '@auth0/auth0-angular',
        '@azure/msal-browser',
        '@azure/msal-angular',
        'esbuild',
      ],
    };
  },
};

async function bundleEntry({ name, file }: Entry, platform?: 'node'): Promise<Bundle> {
  const output = await bundle(fileURLToPath(new URL(`entries/${file}.ts`, import.meta.url)), platform);
  require(output.gzipped > 300, `${name} is empty`);
  return output;
}
