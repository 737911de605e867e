import { onTermination, root, stopAll } from './lib/process.ts';
import { progress } from './lib/progress.ts';
import { indent } from './lib/style.ts';
import { turbo } from './lib/turbo.ts';

// Runs one task of every package: `build` (the default) or `typecheck`.
const task = process.argv[2] ?? 'build';

process.chdir(root);
onTermination(async (code) => {
  await stopAll();
  process.exit(code);
});
const step = progress(task);
const { ok, executed, cached, failed, complaint } = await turbo(task, {
  keepGoing: true,
  onProgress: (packages) => step.update(packages.join(', ')),
});
if (ok) step.done(`${executed.length} run, ${cached.length} up to date`);
else {
  step.fail(failed.map(({ name }) => name).join(', '));
  console.log(indent(failed.map(({ output }) => output).join('\n\n') || complaint));
}
process.exit(ok ? 0 : 1);
