import { auth } from './auth';
import { waitAtGate } from './gate';

/**
 * Requests the token after the response has begun: in the context of the request, or outside of it when the stream is
 * read.
 */
export function streamToken(when: 'started' | 'read'): Response {
  const encoder = new TextEncoder();
  const write = async (controller: ReadableStreamDefaultController) => {
    await waitAtGate();
    for (const call of [
      () => auth.getAccessToken(),
      () => auth.updateSession(() => ({ changed: true })),
      () => auth.fetch(`${process.env.API_URL}/items`),
    ]) {
      const result = await call().then(
        () => 'done',
        (error: { code?: string }) => error.code ?? String(error),
      );
      controller.enqueue(encoder.encode(`${result}\n`));
    }
    controller.close();
  };
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode('begun\n'));
        // The client may close the stream.
        if (when === 'started') void write(controller).catch(() => {});
      },
      pull(controller) {
        return when === 'read' ? write(controller) : undefined;
      },
    }),
  );
}
