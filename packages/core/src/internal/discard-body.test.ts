import { expect, test } from 'vitest';
import { readForm } from '../session/http/request-checks.ts';
import { discardBody } from './discard-body.ts';
import { fetchBounded } from './http.ts';

// A framework may clone an answer, as Next does with those of GET requests, and never read its own branch. Cancelling
// the other branch does not settle then.

/** Answers with one branch of a cloned answer. The other branch is kept, and never read. */
function cloned(answer: Response) {
  const kept = answer.clone();
  return { kept, fetch: async () => answer };
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
  ['an answer that is too large', () => new Response('x'.repeat(2_000)), 'response_malformed'],
])('S60: %s whose other branch is never read is reported as what it is', async (_, answer, code) => {
  const { kept, fetch } = cloned(answer());
  await expect(fetchBounded('https://login.example/token', {}, { ...options, fetch })).rejects.toMatchObject({
    code,
  });
  expect(kept.bodyUsed).toBe(false);
});

test('S60: a form that is too large is dropped, although a framework has cloned the request', async () => {
  const request = new Request('https://app.example/auth/callback', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `a=${'x'.repeat(70_000)}`,
  });
  const kept = request.clone();
  expect(await readForm(request)).toBeUndefined();
  expect(kept.bodyUsed).toBe(false);
});

test('a body that cannot be cancelled disturbs nothing', async () => {
  const fails = new ReadableStream({
    cancel() {
      throw new Error('cannot be cancelled');
    },
  });
  const locked = new ReadableStream();
  locked.getReader();
  const throws = {
    cancel(): Promise<void> {
      throw new Error('throws at once');
    },
  };
  for (const body of [fails, locked, throws, null, undefined]) expect(discardBody(body)).toBeUndefined();
});
