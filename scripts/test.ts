import { runSuite } from './lib/suites/run-suite.ts';
import type { Step } from './lib/suites/step.ts';
import { build, imports, install, lint, types, unused } from './steps/checks.ts';
import { compatibility, completeCompatibility } from './steps/compatibility.ts';
import { consumer } from './steps/consumer.ts';
import { api, attw, contents, pack, publint, sizes } from './steps/packages.ts';
import { built, e2e, programs, scripted, unit, unitBesideBuilt } from './steps/tests.ts';

const names = process.argv.slice(2);

const steps: readonly Step[] = [
  install,
  programs,
  lint,
  imports,
  unused,
  build,
  types,
  pack,
  contents,
  publint,
  attw,
  sizes,
  api,
  consumer,
  compatibility,
  // In a run of all tests, each suite runs once in Node.
  names.length === 0 ? unitBesideBuilt : unit,
  built,
  e2e,
  ...scripted,
];

const bundles: Readonly<Record<string, readonly string[]>> = {
  packages: ['pack', 'contents', 'publint', 'attw', 'sizes', 'api', 'consumer'],
  checks: ['install', 'lint', 'imports', 'unused', 'types'],
};

const all = names.includes(completeCompatibility.name) ? [...steps, completeCompatibility] : steps;
await runSuite({ title: 'tests', steps: all, bundles }, names);
