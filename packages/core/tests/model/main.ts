import { replaceGlobals } from './replace-globals.ts';
import { runInterleaving } from './interleaving.ts';

const began = process.hrtime.bigint();
replaceGlobals();
const cpu = process.cpuUsage();
const [seed = 1, count = 100, only] = process.argv.slice(2).map(Number);
let failures = 0, steps = 0;
const ex = new Map<string, number>();
for (let index = 0; index < count; index++) {
  if (only !== undefined && index !== only) continue;
  const result = await runInterleaving(seed * 1_000_003 + index);
  steps += result.trace.length;
  for (const [k, v] of result.exceptions) ex.set(k, (ex.get(k) ?? 0) + v);
  if (result.violations.length > 0 && ++failures <= Number(process.env.SHOW ?? 3)) {
    console.log(`seed ${seed} index ${index}: ${result.violations.join('; ')}`);
    console.log(JSON.stringify({ ...result.plan, padding: result.plan.padding.length }));
    if (!process.env.SHORT) for (const { at, process: p, action, name } of result.trace) console.log(`${String(at).padStart(8)} ${p.padEnd(6)} ${action.padEnd(24)} ${name}`);
  }
}
console.log('cpu', (process.cpuUsage().user+process.cpuUsage().system)/1000/count, process.memoryUsage().heapUsed/1e6);console.log(ex, steps / count, 'steps each', failures, 'failures', Number(process.hrtime.bigint() - began) / 1e6 / count, 'ms each');
