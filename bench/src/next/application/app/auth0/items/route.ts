import { auth0 } from '../../../lib/auth0';
import { items } from '../../../lib/items';

export async function GET() {
  const session = await auth0.getSession();
  if (!session) return Response.json({ error: 'not_signed_in' }, { status: 401 });
  return Response.json({ of: session.user.name, items });
}
