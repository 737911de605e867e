import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { listPublishedPackages, type Manifest, readManifest } from '../../scripts/lib/packages/packages.ts';
import { tarball } from '../../scripts/lib/packages/tarball.ts';
import { execute } from './install.ts';

interface Release {
  readonly manifest: Manifest & { readonly version: string };
  readonly bytes: Buffer;
}

export interface PackageRegistry {
  readonly url: string;
  close(): Promise<void>;
}

/** The versions of the registry. The newer one is of core only. */
export const versions = { first: '0.1.0', newer: '0.1.1' };

/**
 * Serves the packed packages on loopback, with the versions of two releases. Package managers request only
 * `@countersign/*` from it.
 */
export async function startPackageRegistry(folder: string): Promise<PackageRegistry> {
  const releases: Release[] = [];
  for (const pkg of listPublishedPackages()) {
    releases.push(await createRelease(pkg, versions.first, folder));
    if (pkg.name === '@countersign/core') releases.push(await createRelease(pkg, versions.newer, folder));
  }
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(url.slice(1));
    const file = releases.find((release) => toPath(release) === path);
    const named = releases.filter(({ manifest }) => manifest.name === path);
    if (file !== undefined) response.end(file.bytes);
    else if (named.length > 0)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(describe(named, origin())));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Packs a package again with another version, as a release does. */
async function createRelease(
  { name }: { readonly name: string },
  version: string,
  folder: string,
): Promise<Release> {
  const directory = join(folder, `${name.replace('/', '-')}-${version}`);
  await mkdir(directory, { recursive: true });
  await execute({ command: 'tar', args: ['-xzf', tarball({ name })], cwd: directory });
  const packed = join(directory, 'package');
  const { peerDependencies = {}, ...rest } = readManifest(packed);
  const peers = Object.entries(peerDependencies).map(([peer, range]) =>
    peer.startsWith('@countersign/') ? [peer, `^${versions.first}`] : [peer, range],
  );
  const manifest = { ...rest, version, peerDependencies: Object.fromEntries(peers) };
  await writeFile(join(packed, 'package.json'), JSON.stringify(manifest));
  await execute({ command: 'tar', args: ['-czf', 'release.tgz', 'package'], cwd: directory });
  return { manifest, bytes: await readFile(join(directory, 'release.tgz')) };
}

const toPath = ({ manifest: { name, version } }: Release): string =>
  `${name}/-/${name.replace('@countersign/', '')}-${version}.tgz`;

/** The document of a package with all its versions. */
function describe(releases: readonly Release[], origin: string): object {
  const latest = releases.at(-1)?.manifest;
  return {
    name: latest?.name,
    'dist-tags': { latest: latest?.version },
    time: Object.fromEntries(releases.map(({ manifest }) => [manifest.version, '2024-01-01T00:00:00.000Z'])),
    versions: Object.fromEntries(
      releases.map((release) => [
        release.manifest.version,
        {
          ...release.manifest,
          dist: {
            tarball: `${origin}/${toPath(release)}`,
            integrity: `sha512-${createHash('sha512').update(release.bytes).digest('base64')}`,
            shasum: createHash('sha1').update(release.bytes).digest('hex'),
          },
        },
      ]),
    ),
  };
}
