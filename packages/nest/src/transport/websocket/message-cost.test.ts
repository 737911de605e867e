import { expect, test, vi } from 'vitest';
import { readHeaders } from '../transport.ts';
import { createCloser } from './websocket-transport.ts';

/** Creates a name with upper-case letters at the positions of the bits of a number. */
const spell = (bits: number) =>
  [...'authorization'].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join('');

test.each([
  ['different values', (index: number) => `value ${index}`, 1_000],
  ['values that are not text', (index: number) => (index < 2 ? `value ${index}` : index), 2],
])(
  'N35: the headers of a message with many spellings of a name and %s are not copied',
  (_case, create, count) => {
    const source = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [spell(index), create(index)]),
    );
    // Each of these methods returns a copy.
    const spies = (['flat', 'concat', 'slice', 'filter', 'map'] as const).map((name) =>
      vi.spyOn(Array.prototype, name),
    );
    let copied: number;
    let headers: ReturnType<typeof readHeaders>;
    try {
      headers = readHeaders(source);
      copied = spies
        .flatMap(({ mock }) => mock.results)
        .reduce((sum, { value }) => sum + (value as unknown[]).length, 0);
    } finally {
      vi.restoreAllMocks();
    }
    expect(headers.authorization).toHaveLength(count);
    expect(copied).toBeLessThan(3_000);
  },
);

test('N35: the reason of a close is encoded at a cost that does not depend on its length', () => {
  const encode = vi.spyOn(TextEncoder.prototype, 'encode');
  const close = vi.fn();
  let encoded: number;
  try {
    createCloser({ close })(4401, 'é'.repeat(10_000));
    encoded = encode.mock.calls.reduce((sum, [text = '']) => sum + text.length, 0);
  } finally {
    vi.restoreAllMocks();
  }
  expect(close).toHaveBeenCalledWith(4401, 'é'.repeat(61));
  expect(encoded).toBeLessThan(10_000);
});
