import { expect, test } from 'vitest';
import { readForm } from '../../session/http/request-checks.ts';
import { fetchBounded } from './bounded-fetch.ts';
import { discardBody } from './discard-body.ts';

// A framework may clone a response and not read its branch, as Next does with responses to GET requests. The cancellation
// of the other branch does not settle then.

/** Creates a fetch that returns one branch of a cloned response. The other branch is not read. */
function createCloningFetch(response: Response) {
  const clone = response.clone();
  return { clone, fetch: async () => response };
}

const options = { now: Date.now, timeout: 2_000, maxBytes: 1_024 };

test.each([
  ['a 503', () => new Response('busy', { status: 503, headers: { 'retry-after': '7' } }), 'server_error'],
  ['a 429', () => new Response('busy', { status: 429 }), 'rate_limited'],
  [
    'a redirect',
    () => new Response('moved', { status: 302, headers: { location: '/x' } }),
    'response_malformed',
  ],
  ['an oversized response', () => new Response('x'.repeat(2_000)), 'response_malformed'],
])('S60: reports %s although its other branch is not read', async (_, createResponse, code) => {
  const { clone, fetch } = createCloningFetch(createResponse());
  await expect(fetchBounded('https://login.example/token', {}, { ...options, fetch })).rejects.toMatchObject({
    code,
  });
  expect(clone.bodyUsed).toBe(false);
});

test('S60: discards an oversized form of a cloned request', async () => {
  const request = new Request('https://app.example/auth/callback', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `a=${'x'.repeat(70_000)}`,
  });
  const clone = request.clone();
  expect(await readForm(request)).toBeUndefined();
  expect(clone.bodyUsed).toBe(false);
});

test('ignores a body that cannot be cancelled', async () => {
  const failing = new ReadableStream({
    cancel() {
      throw new Error('cannot be cancelled');
    },
  });
  const locked = new ReadableStream();
  locked.getReader();
  const throwing = {
    cancel(): Promise<void> {
      throw new Error('thrown synchronously');
    },
  };
  for (const body of [failing, locked, throwing, null, undefined]) expect(discardBody(body)).toBeUndefined();
});
