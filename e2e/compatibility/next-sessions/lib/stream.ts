import { auth } from './auth';
import { waitAt } from './gate';

/** What comes of the token when it is asked for after the response has begun. */
export function streamOfToken(): Response {
  const encoder = new TextEncoder();
  let begun = false;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        if (!begun) {
          begun = true;
          controller.enqueue(encoder.encode('begun\n'));
          return;
        }
        await waitAt('stream');
        for (const call of [
          () => auth.getAccessToken(),
          () => auth.updateSession(() => ({ changed: true })),
          () => auth.fetch(`${process.env.API_URL}/items`),
        ]) {
          const result = await call().then(
            () => 'done',
            (error: { code?: string }) => error.code ?? 'unknown',
          );
          controller.enqueue(encoder.encode(`${result}\n`));
        }
        controller.close();
      },
    }),
  );
}
