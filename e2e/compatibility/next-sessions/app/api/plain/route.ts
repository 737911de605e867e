import { auth } from '../../../lib/auth';

/** A handler without wrapper that reads the session. The proxy sets the headers. */
export async function GET() {
  const session = await auth.getSession();
  return Response.json({ user: session?.user.sub ?? null });
}
