import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, run } from './lib/processes/process.ts';
import { chromium, providePrograms, redis } from './lib/programs/system-packages.ts';

// Tests refresh under load and failure, with a real provider, a real Redis and the built apps in Chromium.
const { found, problem } = await providePrograms([redis, chromium], () => {});
const build = await run({ command: process.execPath, args: [join(root, 'scripts/build.ts')] });
if (problem !== undefined || build.code !== 0) {
  console.error(problem ?? build.output);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const child = spawn(process.execPath, [join(root, 'e2e/chaos/main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...found },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
