import { spawn } from 'node:child_process';
import { root } from './lib/processes/process.ts';
import { toTable } from './lib/terminal/table.ts';

// Tries many malformed inputs on every parser of untrusted input. The unit tests contain a short run of each.

/** Inputs for each parser. Default: 200,000. */
const inputCount = Number(process.argv[2] ?? 200_000);
if (!Number.isSafeInteger(inputCount) || inputCount < 1) {
  console.error('Usage: [FUZZ_SEED=number] node scripts/fuzz.ts [inputs for each parser]');
  process.exit(2);
}

const suites = [
  ...['untrusted-json', 'cookie-headers', 'credentials', 'logout-tokens'].map(
    (name) => `packages/core/tests/fuzz/${name}.test.ts`,
  ),
  // Chromium stores and sends each cookie.
  ...['browser-store', 'cookie-names'].map((name) => `packages/core/tests/hostile-requests/${name}.test.ts`),
  'packages/nest/tests/fuzz/handshakes.test.ts',
];
const output = await runVitest(suites, {
  FUZZ_RUNS: String(inputCount),
  // A cookie in Chromium takes several milliseconds, so there are fewer of them.
  FUZZ_BROWSER_RUNS: String(Math.ceil(inputCount / 20)),
});
const line = /fuzz ([^:\n]+): (\d+) inputs, (.+), seed (\d+)/g;
const rows = [...output.text.matchAll(line)].map(([, ...cells]) => cells);
const total = rows.reduce((sum, [, inputs]) => sum + Number(inputs), 0);
console.log(toTable([['parser', 'inputs', 'outcomes', 'seed'], ...rows]));
console.log(`${total.toLocaleString('en')} inputs in total`);
const failed = output.code === 0 ? 0 : 1;
console.log(`\n${rows.length} passed, ${failed} failed`);
process.exit(failed);

function runVitest(
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    const child = spawn(
      'vitest',
      ['run', '--project', 'core-isolated', '--project', 'core', '--project', 'nest', ...files],
      {
        cwd: root,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.once('exit', (code) => resolve({ code: code ?? 1, text }));
  });
}
