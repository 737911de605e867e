// Fails if a package of the project resolves another core than the project does, or if a package does not load.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const core = require.resolve('@countersign/core');
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const packages = Object.keys(dependencies).filter((name) => name.startsWith('@countersign/'));
if (packages.length < 4) throw new Error(`The project has ${packages.length} packages of 4.`);
for (const name of packages) {
  const manifest = require.resolve(`${name}/package.json`);
  const found = name === '@countersign/core' ? core : createRequire(manifest).resolve('@countersign/core');
  if (found !== core) throw new Error(`${name} uses ${found}, and the project ${core}.`);
  const entry = await import(name);
  if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing.`);
}
