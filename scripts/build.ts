import { onTermination, root, stopAll } from './lib/process.ts';
import { progress } from './lib/progress.ts';
import { indent } from './lib/style.ts';
import { turbo } from './lib/turbo.ts';

process.chdir(root);
onTermination(async (code) => {
  await stopAll();
  process.exit(code);
});
const step = progress('build');
const { ok, executed, cached, failed, complaint } = await turbo('build', {
  keepGoing: true,
  onProgress: (packages) => step.update(packages.join(', ')),
});
if (ok) step.done(`${executed.length} built, ${cached.length} up to date`);
else {
  step.fail(failed.map(({ name }) => name).join(', '));
  console.log(indent(failed.map(({ output }) => output).join('\n\n') || complaint));
}
process.exit(ok ? 0 : 1);
