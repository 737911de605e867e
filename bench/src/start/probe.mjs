// Measures imports in a separate process.
// Arguments: modules that are loaded before, and modules that are measured, both separated by commas.
const [before = '', measured = ''] = process.argv.slice(2);
const load = async (names) => {
  for (const name of names.split(',').filter(Boolean)) await import(name);
};
await load(before);
globalThis.gc?.();
const memory = process.memoryUsage();
const cpu = process.cpuUsage();
const start = performance.now();
await load(measured);
const time = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
globalThis.gc?.();
const { rss, heapUsed } = process.memoryUsage();
const result = {
  time,
  cpu: (user + system) / 1000,
  heap: (heapUsed - memory.heapUsed) / 1e6,
  rss: (rss - memory.rss) / 1e6,
};
console.log(JSON.stringify(result));
process.exit();
