import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { toSection, writeSection } from './results.ts';

/** Loads each benchmark on demand, because another one would warm up the code and fill the memory. */
const benchmarks: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  size: () => import('./size/size.ts'),
  verify: () => import('./verify/verify.ts'),
  session: () => import('./session/session.ts'),
  start: () => import('./start/start.ts'),
  refresh: () => import('./refresh/refresh.ts'),
  nest: () => import('./nest/nest.ts'),
  scale: () => import('./scale/scale.ts'),
  next: () => import('./next/next.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Builds the packages first. */
    build: { type: 'boolean', default: false },
    /** A short run without valid measurements. */
    smoke: { type: 'boolean', default: false },
    /** Does not write RESULTS.md. */
    print: { type: 'boolean', default: false },
    /** Duration of the soak in `scale`, in seconds. */
    soak: { type: 'string', default: '60' },
  },
});
if (values.build) build();
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
let passed = 0;
let failed = 0;

for (const name of names) {
  const load = benchmarks[name];
  if (!load) {
    console.error(`Unknown benchmark "${name}". The benchmarks are: ${Object.keys(benchmarks).join(', ')}.`);
    process.exit(2);
  }
  const progress = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}: ${text}`);
  };
  try {
    const { benchmark } = await load();
    const report = await benchmark.run({ smoke: values.smoke, soak: Number(values.soak), progress });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    if (!values.smoke) {
      if (!values.print) writeSection(benchmark, report);
      console.log(toSection(benchmark, report));
    }
    console.log(`${name}: done`);
    passed++;
  } catch (error) {
    console.error(`${name}: failed`, error);
    failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function build(): void {
  const { status } = spawnSync('turbo', ['run', 'build', '--filter=@countersign/bench...'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
