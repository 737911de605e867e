import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, stopAll } from '../../scripts/lib/processes/process.ts';
import { checkBundler } from './bundlers.ts';
import { type CellResults, showResults } from './cells.ts';
import { checkCompiler } from './compilers.ts';
import { installTools } from './install.ts';
import {
  bundlers,
  compilers,
  groups,
  nodeVersions,
  packageManagers,
  type Tool,
  testRunners,
} from './matrix.ts';
import { checkNodeVersion } from './node-versions.ts';
import { createPackageManagerCheck } from './package-managers.ts';
import { startPackageRegistry } from './registry.ts';
import { checkTestRunner } from './test-runners.ts';

/** Names of tools select them. */
const selected = process.argv.slice(2).map((name) => name.toLowerCase());
const isSelected = ({ name }: Tool) => selected.length === 0 || selected.includes(name.toLowerCase());

const folder = join(root, '.test/toolchains');
await rm(folder, { recursive: true, force: true });
const chosen = groups.flatMap(({ tools }) => tools).filter(isSelected);
if (chosen.length === 0) throw new Error(`No tool has the name "${selected.join('" or "')}".`);
await installTools(folder, chosen);
const registry = await startPackageRegistry(join(folder, 'registry'));

/** The check of each group. It returns the problem of each cell, or `undefined` if the cell passes. */
const checks: readonly (readonly [readonly Tool[], (tool: Tool) => Promise<CellResults>])[] = [
  [packageManagers, createPackageManagerCheck(folder, registry)],
  [compilers, (tool) => checkCompiler(folder, tool)],
  [bundlers, (tool) => checkBundler(folder, tool)],
  [testRunners, (tool) => checkTestRunner(folder, tool)],
  [nodeVersions, (tool) => checkNodeVersion(folder, tool)],
];
const queue = checks.flatMap(([tools, check]) => tools.filter(isSelected).map((tool) => ({ tool, check })));
const counts = { passed: 0, failed: 0 };

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { tool, check } = next;
    const results = await check(tool).catch((error: unknown): CellResults => {
      const problem = error instanceof Error ? error.message : String(error);
      return Object.fromEntries(tool.cells.map((cell) => [cell, problem]));
    });
    const { passed, failed } = showResults(tool, results);
    counts.passed += passed;
    counts.failed += failed;
  }
}

// Two at once: a developer's machine has two cores or more.
await Promise.all([work(), work()]);
await registry.close();
await stopAll();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
