import { runSuite } from './lib/run-suite.ts';
import type { Step } from './lib/step.ts';
import { build } from './steps/checks.ts';
import { pack } from './steps/packages.ts';
import { rehearse } from './steps/rehearse.ts';
import { createScriptStep, programs } from './steps/tests.ts';

/** Tests with applications, runtimes and tools that other people make. They download these from the registry. */
const steps: readonly Step[] = [
  createScriptStep(
    {
      name: 'fresh',
      title: 'From nothing to a login, by the READMEs',
      file: 'e2e/fresh/main.ts',
      args: [],
    },
    ['pack', 'programs'],
  ),
  createScriptStep(
    {
      name: 'runtimes',
      title: 'Sessions, refresh and API verification on Bun, Deno and workerd',
      file: 'e2e/runtimes/main.ts',
      args: [],
    },
    ['pack'],
  ),
  rehearse,
];

await runSuite({ title: 'world', steps, prerequisites: [programs, build, pack] }, process.argv.slice(2));
