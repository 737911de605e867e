// @platforms node: the suite tests the Node platform file.
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifyRsaInBatch } from './rsa-batch-node.ts';

const { publicKey: key, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const digest = 'sha256';
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** Checks of which every third has another's signature. */
const checks = (count: number, parameters?: typeof pss) =>
  Array.from({ length: count }, (_, index) => {
    const data = Buffer.from(`message ${index}`);
    const signed = index % 3 === 0 ? Buffer.from('another message') : data;
    return {
      digest,
      data,
      key: parameters ? { key, ...parameters } : key,
      signature: sign(digest, signed, { key: privateKey, ...parameters }),
    };
  });
const expected = (count: number) => Array.from({ length: count }, (_, index) => index % 3 !== 0);

afterEach(() => void vi.useRealTimers());

describe.each([
  ['PKCS #1 v1.5', undefined],
  ['PSS', pss],
] as const)('%s', (_, parameters) => {
  test.each([1, 2, 15, 16, 100])('%i in one turn: each gets its own answer', async (count) => {
    const answers = await Promise.all(checks(count, parameters).map(verifyRsaInBatch));
    expect(answers).toEqual(expected(count));
  });
});

test.each([3, 40])('among %i, a check that cannot be made fails alone', async (count) => {
  const all = checks(count);
  const broken = { ...(all[1] as (typeof all)[number]), digest: 'no such digest' };
  const answers = await Promise.allSettled(all.toSpliced(1, 1, broken).map(verifyRsaInBatch));
  expect(answers[1]?.status).toBe('rejected');
  const others = answers.toSpliced(1, 1).map((answer) => answer.status === 'fulfilled' && answer.value);
  expect(others).toEqual(expected(count).toSpliced(1, 1));
});

test('does not wait for a clock that a test has stopped', async () => {
  vi.useFakeTimers();
  expect(await Promise.all(checks(2).map(verifyRsaInBatch))).toEqual(expected(2));
});
