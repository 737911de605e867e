import { onTermination, root, stopAll } from './lib/processes/process.ts';
import { startProgress } from './lib/terminal/progress.ts';
import { indent } from './lib/terminal/style.ts';
import { rehearse } from './steps/rehearse.ts';

// Runs the commands of a release against a registry on loopback. It publishes nothing outside this machine.
process.chdir(root);
onTermination(async (code) => {
  await stopAll();
  process.exit(code);
});
const line = startProgress(rehearse.title, 54);
const { passed, failures, note } = await rehearse.run((detail) => line.update(detail));
await stopAll(1000);
if (failures.length === 0) line.done(note);
else line.fail(`${failures.length} failed`);
for (const { name, detail = '' } of failures) console.log(indent(`${name}\n${detail}`, '      '));
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
