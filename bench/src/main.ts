import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { section, writeSection } from './results.ts';

/** Each is loaded when its turn comes: one must not warm up, or fill the memory of, another. */
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
    /** A short run that shows only that everything works. */
    smoke: { type: 'boolean', default: false },
    /** Leaves RESULTS.md as it is. */
    print: { type: 'boolean', default: false },
    /** Seconds of the soak in `scale`. */
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
    console.error(`There is no benchmark "${name}". There are: ${Object.keys(benchmarks).join(', ')}.`);
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
      console.log(section(benchmark, report));
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
