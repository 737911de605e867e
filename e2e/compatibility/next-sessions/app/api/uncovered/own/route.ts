import { setPrivateCaching } from '@countersign/next';
import { auth } from '../../../../lib/auth';

/** A handler without wrapper and proxy. It sets the headers, as the README describes. */
export async function GET() {
  const session = await auth.getSession();
  const response = Response.json({ user: session?.user.sub ?? null });
  setPrivateCaching(response.headers);
  return response;
}
