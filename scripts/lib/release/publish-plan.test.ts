import { expect, test } from 'vitest';
import { changeTag, type PublishPlan, type Release, skipPublished } from './publish-plan.ts';

const createRelease = (name: string): Release => ({
  kind: 'publish',
  name,
  version: '0.1.0',
  tag: 'latest',
  tarball: { path: `packages/${name}.tgz`, integrity: 'sha256-a' },
});
const plan: PublishPlan = {
  version: 1,
  plan: [[createRelease('core')], [createRelease('nest'), createRelease('next')]],
};

test('creates only the tag of a published version', async () => {
  const skipped = await skipPublished(
    plan,
    async ({ name }) => (name === 'nest' ? undefined : `sha512-${name}`),
    async ({ name }) => `sha512-${name}`,
  );
  expect(skipped).toEqual({
    version: 1,
    plan: [
      [{ kind: 'tag-only', name: 'core', version: '0.1.0' }],
      [createRelease('nest'), { kind: 'tag-only', name: 'next', version: '0.1.0' }],
    ],
  });
});

test('does not change the plan of a first publish', async () => {
  const readNothing = async () => undefined;
  expect(await skipPublished(plan, readNothing, async () => 'sha512-a')).toEqual(plan);
});

test('rejects a version that is published with other contents', async () => {
  await expect(
    skipPublished(
      plan,
      async () => 'sha512-a',
      async () => 'sha512-b',
    ),
  ).rejects.toThrow('core@0.1.0 is published with other contents than the packed file');
});

test('stops the publish if the registry is unreachable', async () => {
  const fail = async () => {
    throw new Error('The registry was not reached');
  };
  await expect(skipPublished(plan, fail, async () => 'sha512-a')).rejects.toThrow('not reached');
});

test('a canary release changes the tag of the published versions', () => {
  expect(
    changeTag(plan, 'canary')
      .plan.flat()
      .map(({ tag }) => tag),
  ).toEqual(['canary', 'canary', 'canary']);
});
