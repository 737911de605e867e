import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../lib/processes/process.ts';
import { checkInstallation } from '../lib/release/check-installation.ts';
import { checkMetadata } from '../lib/release/check-metadata.ts';
import { installRegistry, type Registry, startRegistry } from '../lib/release/registry.ts';
import { createRehearsal, type Rehearsal } from '../lib/release/rehearsal.ts';
import type { Step } from '../lib/suites/step.ts';

const home = join(root, '.test/rehearsal');
/** The package whose first publish fails. */
const failing = '@countersign/nest';

/** Runs the commands of a release on a copy of the last commit, with a registry on loopback. */
export const rehearse: Step = {
  name: 'rehearse',
  title: 'Rehearse a release: version, publish, repeat, canary, install',
  run: async (update) => {
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    const rehearsal = await createRehearsal(home, update);
    const registryFolder = join(home, 'registry');
    try {
      await installRegistry(registryFolder);
      await raiseVersions(rehearsal);
      await rehearsal.run('pack', 'release:pack');
      const closed = await startRegistry({ folder: registryFolder, rejects: failing });
      await requireProvenance(rehearsal, closed);
      await failHalfway(rehearsal, closed);
      const open = await startRegistry({ folder: registryFolder });
      await repeatPublish(rehearsal, open);
      await checkMetadata(rehearsal, open);
      await checkInstallation(rehearsal, open);
      await publishCanary(rehearsal, open);
    } catch (error) {
      rehearsal.check('the rehearsal completes', error instanceof Error ? error.message : String(error));
    }
    return rehearsal.outcome();
  },
};

async function raiseVersions(rehearsal: Rehearsal): Promise<void> {
  await rehearsal.run('version', 'release:version');
  const versions = new Set(rehearsal.packages().map(({ version }) => version));
  rehearsal.check(
    'all packages have one version',
    versions.size === 1 ? undefined : [...versions].join(', '),
  );
  rehearsal.version = [...versions][0] ?? '';
  const remainingChangesets = (await readdir(join(rehearsal.folder, '.changeset'))).filter((name) =>
    name.endsWith('.md'),
  );
  rehearsal.check(
    'no changeset is left',
    remainingChangesets.length === 0 ? undefined : remainingChangesets.join(', '),
  );
  for (const { name, directory } of rehearsal.packages()) {
    const text = await readFile(join(directory, 'CHANGELOG.md'), 'utf8');
    const headings = [...text.matchAll(/^## .*/gm)].map(([heading]) => heading);
    const problems = [
      ...(headings.includes(`## ${rehearsal.version}`) ? [] : [`no entry for ${rehearsal.version}`]),
      ...(text.includes('Updated dependencies') ? ['a line "Updated dependencies"'] : []),
      ...(/\]\((?!https?:|#)/.test(text) ? ['a relative link'] : []),
      ...(await rehearsal.findMissingCommits(text)),
    ];
    rehearsal.check(`${name} has a readable changelog`, problems.join(', ') || undefined);
  }
  await rehearsal.commit('release: raise the versions');
}

/** Outside a workflow there is no identity for provenance, so a publish that requests it fails. */
async function requireProvenance(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  const { code, output } = await rehearsal.publish(registry, { env: { PNPM_CONFIG_PROVENANCE: 'true' } });
  const isRequested = code !== 0 && output.includes('PROVENANCE');
  rehearsal.check('the publish requests provenance', isRequested ? undefined : output);
  const published = await rehearsal.listPublished(registry);
  rehearsal.check(
    'without provenance, nothing is published',
    published.length === 0 ? undefined : published.join(', '),
  );
}

async function failHalfway(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  const { code, output } = await rehearsal.publish(registry);
  rehearsal.check(
    'a publish that failed halfway reports its failure',
    code !== 0 && output.includes(failing) ? undefined : output,
  );
  const published = await rehearsal.listPublished(registry);
  rehearsal.check(
    'the other packages are published',
    !published.some((name) => name === failing) && published.length === rehearsal.packages().length - 1
      ? undefined
      : published.join(', '),
  );
}

/** A repeated job starts on a new checkout, without the tags of the first one. */
async function repeatPublish(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  await rehearsal.deleteTags();
  const report = join(home, 'report.jsonl');
  const { code, output } = await rehearsal.publish(registry, { env: { CHANGESETS_OUTPUT: report } });
  rehearsal.check('a repeated publish succeeds', code === 0 ? undefined : output);
  const names = rehearsal.packages().map(({ name }) => name);
  const published = await rehearsal.listPublished(registry);
  rehearsal.check('every package is published', sameNames(names, published));
  const tags = names.map((name) => `${name}@${rehearsal.version}`);
  const events = (await readFile(report, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly type: string; readonly tag?: string });
  const reported = events.filter(({ type }) => type === 'git-tag').map(({ tag = '' }) => tag);
  rehearsal.check(
    'each tag is reported to the workflow, which creates its release',
    sameNames(tags, reported),
  );
  rehearsal.check('the tags are in the repository', sameNames(tags, await rehearsal.pushTags()));
  const again = await rehearsal.publish(registry);
  rehearsal.check('a third publish changes nothing', again.code === 0 ? undefined : again.output);
}

async function publishCanary(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  await writeFile(
    join(rehearsal.folder, '.changeset/canary.md'),
    "---\n'@countersign/core': patch\n---\n\nA change that is not released yet.\n",
  );
  await rehearsal.run('canary: version', 'release:snapshot');
  await rehearsal.run('canary: pack', 'release:pack');
  const { code, output } = await rehearsal.publish(registry, { args: ['--tag', 'canary'] });
  rehearsal.check('a canary is published', code === 0 ? undefined : output);
  const tags = await rehearsal.readTags(registry, '@countersign/core');
  rehearsal.check(
    'the canary has a separate tag, and latest does not change',
    /-canary-\d+$/.test(tags.canary ?? '') && tags.latest === rehearsal.version
      ? undefined
      : JSON.stringify(tags),
  );
}

const sameNames = (expected: readonly string[], actual: readonly string[]): string | undefined =>
  [...expected].sort().join() === [...actual].sort().join()
    ? undefined
    : `found ${actual.join(', ') || 'none'}`;
