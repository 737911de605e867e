import { auth } from '../../../../lib/auth';

/** A handler without wrapper and proxy that reads the session and sets no headers. */
export async function GET() {
  const session = await auth.getSession();
  return Response.json({ user: session?.user.sub ?? null });
}
