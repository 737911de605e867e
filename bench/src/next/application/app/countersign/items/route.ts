import { auth } from '../../../lib/countersign';
import { items } from '../../../lib/items';

export const GET = auth.protected.handler((_, { session }) =>
  Response.json({ of: session.user.name, items }),
);
