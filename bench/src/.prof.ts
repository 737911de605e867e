import { Session } from 'node:inspector/promises';
import { startIssuer } from './verify/tokens.ts';
import { countersign, fastJwt } from './verify/verifiers.ts';

const alg = (process.argv[3] ?? 'RS256') as 'RS256';
const from = await startIssuer(alg);
const tokens = Array.from({ length: 500 }, () => from.token());
const v = process.argv[2] === 'fast' ? fastJwt(from, false) : countersign(from, 0)[0]!;
for (let i = 0; i < 5000; i++) await v.verify(tokens[i % 500]!);
const N = 40000;
for (let r = 0; r < 2; r++) {
  const c = process.cpuUsage();
  for (let i = 0; i < N; i++) await v.verify(tokens[i % 500]!);
  const d = process.cpuUsage(c);
  console.log(((d.user + d.system) / N).toFixed(2));
}
const s = new Session();
s.connect();
await s.post('Profiler.enable');
await s.post('Profiler.setSamplingInterval', { interval: 200 });
await s.post('Profiler.start');
for (let i = 0; i < N; i++) await v.verify(tokens[i % 500]!);
const { profile: p } = await s.post('Profiler.stop');
const self: Record<string, number> = {};
let tot = 0;
const id = new Map(p.nodes.map((n) => [n.id, n]));
p.samples!.forEach((x, i) => {
  const n = id.get(x)!;
  const k =
    n.callFrame.functionName + ' ' + n.callFrame.url.split('/').slice(-1)[0] + ':' + n.callFrame.lineNumber;
  const dt = p.timeDeltas![i]!;
  self[k] = (self[k] ?? 0) + dt;
  tot += dt;
});
for (const [k, t] of Object.entries(self)
  .sort((a, b) => b[1] - a[1])
  .slice(0, 22))
  console.log((t / N).toFixed(2) + 'us', k);
process.exit();
