import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './lib/process.ts';
import { providePrograms, redis } from './lib/system-packages.ts';

// Refresh under load and failure, against a real provider and a real Redis. It needs the built packages.
const { found, problem } = await providePrograms([redis], () => {});
if (problem !== undefined) {
  console.error(problem);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const child = spawn(process.execPath, [join(root, 'e2e/chaos/main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...found },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
