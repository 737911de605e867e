import { auth } from '../../../lib/authjs';
import { items } from '../../../lib/items';

export async function GET() {
  const session = await auth();
  if (!session?.user) return Response.json({ error: 'not_signed_in' }, { status: 401 });
  return Response.json({ of: session.user.name, items });
}
