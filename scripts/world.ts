import { runSuite } from './lib/suites/run-suite.ts';
import type { Step } from './lib/suites/step.ts';
import { build } from './steps/checks.ts';
import { pack } from './steps/packages.ts';
import { rehearse } from './steps/rehearse.ts';
import { createScriptStep, programs } from './steps/tests.ts';

/** Tests with applications, runtimes, servers and tools that other people make. They download these from registries. */
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

/** Steps that take long, so that they run only by name. */
const namedSteps: readonly Step[] = [
  createScriptStep(
    {
      name: 'interop',
      title: 'Identity servers of other projects',
      file: 'e2e/interop/main.ts',
      args: [],
    },
    ['build', 'programs'],
  ),
  // Installs the packages with many tools.
  createScriptStep(
    {
      name: 'toolchains',
      title: 'Package managers, compilers, bundlers, test runners and versions of Node',
      file: 'e2e/toolchains/main.ts',
      args: [],
    },
    ['pack'],
  ),
];

const names = process.argv.slice(2);
const all = [...steps, ...namedSteps.filter(({ name }) => names.includes(name))];
await runSuite({ title: 'world', steps: all, prerequisites: [programs, build, pack] }, names);
