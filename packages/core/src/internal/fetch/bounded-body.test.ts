import { expect, test } from 'vitest';
import { readBoundedBody } from './bounded-body.ts';

const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

test('reads a body up to the limit', async () => {
  expect(decode(await readBoundedBody(new Response('1234'), 4))).toBe('1234');
  expect(decode(await readBoundedBody(new Response(null), 4))).toBe('');
});

test('stops reading a body that exceeds the limit', async () => {
  let isCancelled = false;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 4;
      controller.enqueue(new Uint8Array(4));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  expect(await readBoundedBody(new Response(body), 10)).toBeUndefined();
  expect(isCancelled).toBe(true);
  expect(sent).toBeLessThan(100);
});

test('rejects with the error of a broken stream', async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('broken')) });
  await expect(readBoundedBody(new Response(body), 10)).rejects.toThrow('broken');
});
