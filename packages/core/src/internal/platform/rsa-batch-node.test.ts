// @platforms node: it tests the Node implementation.
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifyRsaInBatch } from './rsa-batch-node.ts';

const { publicKey: key, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const digest = 'sha256';
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** Creates signatures. Each third one is of another message. */
const createSignatures = (count: number, parameters?: typeof pss) =>
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
const expectedResults = (count: number) => Array.from({ length: count }, (_, index) => index % 3 !== 0);

afterEach(() => void vi.useRealTimers());

describe.each([
  ['PKCS #1 v1.5', undefined],
  ['PSS', pss],
] as const)('%s', (_, parameters) => {
  test.each([1, 2, 15, 16, 100])('verifies a batch of %i signatures', async (count) => {
    const results = await Promise.all(createSignatures(count, parameters).map(verifyRsaInBatch));
    expect(results).toEqual(expectedResults(count));
  });
});

test.each([3, 40])('verifies %i signatures correctly beside an error', async (count) => {
  const all = createSignatures(count);
  const broken = { ...(all[1] as (typeof all)[number]), digest: 'no such digest' };
  const results = await Promise.allSettled(all.toSpliced(1, 1, broken).map(verifyRsaInBatch));
  expect(results[1]?.status).toBe('rejected');
  const others = results.toSpliced(1, 1).map((result) => result.status === 'fulfilled' && result.value);
  expect(others).toEqual(expectedResults(count).toSpliced(1, 1));
});

test('verifies signatures with fake timers', async () => {
  vi.useFakeTimers();
  expect(await Promise.all(createSignatures(2).map(verifyRsaInBatch))).toEqual(expectedResults(2));
});
