import { auth } from '../../../lib/auth';

/** Adds a text of this length to the session. Responds with the code and the message of an error. */
export async function POST(request: Request) {
  const text = 'x'.repeat(Number(await request.text()));
  const result = auth.updateSession((data) => ({ ...data, text })).then(() => ({}));
  return Response.json(
    await result.catch(({ code, message }: { code?: string; message: string }) => ({ code, message })),
  );
}
