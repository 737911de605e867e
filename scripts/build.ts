import { onTermination, root, stopAll } from './lib/processes/process.ts';
import { runTurbo } from './lib/suites/turbo.ts';
import { startProgress } from './lib/terminal/progress.ts';
import { indent } from './lib/terminal/style.ts';

process.chdir(root);
onTermination(async (code) => {
  await stopAll();
  process.exit(code);
});
const step = startProgress('build');
const { ok, executed, cached, failed, turboErrors } = await runTurbo('build', {
  keepGoing: true,
  // Filters of turbo, for example "./packages/*". Default: everything.
  filters: process.argv.slice(2),
  onProgress: (packages) => step.update(packages.join(', ')),
});
if (ok) step.done(`${executed.length} built, ${cached.length} up to date`);
else {
  step.fail(failed.map(({ name }) => name).join(', '));
  console.log(indent(failed.map(({ output }) => output).join('\n\n') || turboErrors));
}
process.exit(ok ? 0 : 1);
