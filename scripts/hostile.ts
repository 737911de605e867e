import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, run } from './lib/processes/process.ts';

// Floods the built servers with unauthenticated requests. Passes its arguments to e2e/hostile/main.ts.
const build = await run({ command: process.execPath, args: [join(root, 'scripts/build.ts')] });
if (build.code !== 0) {
  console.error(build.output);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const child = spawn(process.execPath, [join(root, 'e2e/hostile/main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
