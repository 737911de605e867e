// Writes the address of the repository, `homepage` of the root manifest, to the manifest and the README of each package.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPublishedPackages } from './lib/packages/packages.ts';
import { createRepositoryFields, makeLinksAbsolute } from './lib/packages/repository.ts';

for (const pkg of listPublishedPackages()) {
  const { name, version, description, ...rest } = pkg.manifest as unknown as Record<string, unknown>;
  const manifest = { name, version, description, ...createRepositoryFields(pkg) };
  const file = join(pkg.directory, 'package.json');
  // Existing fields keep their order.
  writeFileSync(
    file,
    `${JSON.stringify({ ...manifest, ...rest, ...createRepositoryFields(pkg) }, undefined, 2)}\n`,
  );
  const readme = join(pkg.directory, 'README.md');
  writeFileSync(readme, makeLinksAbsolute(readFileSync(readme, 'utf8')));
}
