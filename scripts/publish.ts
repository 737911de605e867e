import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from './lib/processes/process.ts';
import {
  changeTag,
  type PublishPlan,
  readPackedIntegrity,
  readPublishedIntegrity,
  skipPublished,
} from './lib/release/publish-plan.ts';

// Publishes the packed files in `.release` and creates the git tags. It can be run again after it failed halfway.
const { values } = parseArgs({
  options: {
    /** The tag at the registry, for example `canary`. Then no git tags are created. Default: the tag of the plan. */
    tag: { type: 'string' },
  },
});
const folder = join(root, '.release');
const file = join(folder, 'publish-plan.json');
try {
  const planned = JSON.parse(await readFile(file, 'utf8')) as PublishPlan;
  const plan = await skipPublished(planned, readPublishedIntegrity, readPackedIntegrity(folder));
  const tagged = values.tag === undefined ? plan : changeTag(plan, values.tag);
  await writeFile(file, `${JSON.stringify(tagged, undefined, 2)}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const args = ['publish', '--from-pack-dir', folder];
if (values.tag !== undefined) args.push('--no-git-tag');
const { code } = await run({ command: 'changeset', args }, { stream: true });
process.exit(code);
