import { setPrivateCaching } from '@countersign/next';
import { auth } from '../../../../lib/auth';

/** A handler of its own where no proxy is: it sets the headers itself, as the README says. */
export async function GET() {
  const session = await auth.getSession();
  const response = Response.json({ user: session?.user.sub ?? null });
  setPrivateCaching(response.headers);
  return response;
}
