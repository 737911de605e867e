import { connection } from 'next/server';
import { memoryAuth } from '../../../lib/memory-auth';

/** A stream that is open longer than the lifetime of an access token. With a session store, it gets new tokens. */
export async function GET(): Promise<Response> {
  await connection();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // Starts within the request, so that the session is available until the stream ends.
  void writeExpiries(writable.getWriter());
  return new Response(readable);
}

async function writeExpiries(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for (let count = 0; count < 2; count++) {
      const { expiresAt = 0 } = await memoryAuth.getAccessToken();
      await writer.write(new TextEncoder().encode(`${expiresAt}\n`));
      if (count === 0)
        await new Promise((resolve) => setTimeout(resolve, expiresAt * 1000 + 100 - Date.now()));
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error);
  }
}
