import { auth } from './auth';
import { waitAt } from './gate';

/**
 * Requests the token after the response has begun: in the context of the request, or outside of it when the stream is
 * read.
 */
export function streamToken(when: 'started' | 'read'): Response {
  const encoder = new TextEncoder();
  const write = async (controller: ReadableStreamDefaultController) => {
    await waitAt('stream');
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
        if (when === 'started') void write(controller);
      },
      pull(controller) {
        return when === 'read' ? write(controller) : undefined;
      },
    }),
  );
}
