import { auth } from '../../../lib/auth';

/** A handler of its own that reads the session; the proxy sets the headers. */
export async function GET() {
  const session = await auth.getSession();
  return Response.json({ user: session?.user.sub ?? null });
}
