import { auth } from '../../../lib/auth';
import { listItems } from '../../../lib/items';

/** A route handler for the application's scripts: 401 without a session, 403 without the scope. */
export const GET = auth.protected.handler(
  async (_request: Request, { session }) => {
    const items = await listItems();
    return Response.json({ user: session.user.sub, items: items.ok ? items.value.length : null });
  },
  { scopes: ['items:read'] },
);
