import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';

const seed = Number(process.env.FUZZ_SEED || randomInt(1, 1_000_000_000));

/**
 * Runs `attempt` with many inputs in sequence. The seed is printed, and `FUZZ_SEED` repeats the same inputs. A timeout,
 * an unhandled exception and an unhandled rejection fail the test.
 */
export async function fuzz<T>(
  input: fc.Arbitrary<T>,
  attempt: (input: T) => Promise<void>,
  numRuns: number,
): Promise<void> {
  const { currentTestName } = expect.getState();
  console.log(`${currentTestName}: seed ${seed}; repeat with FUZZ_SEED=${seed}`);
  const unhandled: unknown[] = [];
  const recordError = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', recordError).on('uncaughtException', recordError);
  try {
    await fc.assert(
      fc.asyncProperty(input, async (each) => {
        await attempt(each);
        // Node reports an unhandled rejection in the next turn of the event loop.
        await new Promise(setImmediate);
        expect(unhandled).toEqual([]);
      }),
      { seed, numRuns, timeout: 5000, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: true },
    );
  } finally {
    process.off('unhandledRejection', recordError).off('uncaughtException', recordError);
  }
}

/** Names with a meaning in JavaScript, a library, or the guard. */
const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'then',
  'get',
  'getMap',
  'token',
  'authorization',
  'Authorization',
  'headers',
  'handshake',
  'extra',
  'request',
  'metadata',
);

/** Any JSON value. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue()))),
  fc
    .integer({ min: 1, max: 200 })
    .map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown),
);

/** Any text that HTTP accepts in a header. */
export const headerText = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((c) => c !== 0x7f)
    .map((c) => String.fromCharCode(c)),
});

const base64 = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));

/** Invalid tokens, and parts of a valid one. */
export const anyToken = (good: string): fc.Arbitrary<string> =>
  fc
    .oneof(
      headerText,
      fc.tuple(base64, base64, base64).map((parts) => parts.join('.')),
      fc.tuple(fc.nat(good.length), headerText).map(([at, rest]) => good.slice(0, at) + rest),
    )
    .filter((token) => token.trim() !== good);

export const anyAuthorization = (good: string): fc.Arbitrary<string> =>
  fc.oneof(
    headerText,
    fc
      .tuple(fc.constantFrom('Bearer ', 'bearer ', 'DPoP ', 'Bearer', 'Basic '), anyToken(good))
      .map((pair) => pair.join('')),
  );

/** Any value in the place of a credential. */
export const anyCredentials = (good: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    anyJson,
    fc.record(
      {
        token: fc.oneof(anyToken(good), anyAuthorization(good), anyJson),
        authorization: fc.oneof(anyAuthorization(good), anyJson),
        headers: fc.oneof(fc.record({ authorization: anyAuthorization(good) }), anyJson),
      },
      { requiredKeys: [] },
    ),
  );
