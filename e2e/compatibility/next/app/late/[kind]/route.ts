import { notFound } from 'next/navigation';
import { after, connection } from 'next/server';
import { auth } from '../../../lib/auth';
import { useSessionLate } from '../../../lib/late';

/** Uses the session after the response was returned, in every way in which a handler can do so. */
export async function GET(_: Request, { params }: { params: Promise<{ kind: string }> }) {
  await connection();
  const { kind } = await params;
  // The response of a handler that uses the session only later would not be private.
  if (kind === 'start' || kind === 'race') await auth.getSession();
  if (kind === 'after') after(() => useSessionLate(kind));
  if (kind === 'start' || kind === 'pull') return new Response(createStream(kind));
  const late = kind === 'after' ? undefined : useSessionLate(kind);
  if (kind === 'not-found') notFound();
  if (kind === 'throw') throw new Error('of the application');
  await Promise.race([late, Promise.resolve()]);
  return new Response('returned');
}

function createStream(when: 'start' | 'pull') {
  const write = async (controller: ReadableStreamDefaultController) => {
    controller.enqueue(new TextEncoder().encode(await useSessionLate(when)));
    controller.close();
  };
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('begun '));
      if (when === 'start') void write(controller);
    },
    pull: (controller) => (when === 'pull' ? write(controller) : undefined),
  });
}
