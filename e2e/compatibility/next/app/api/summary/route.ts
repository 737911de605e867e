import { auth } from '../../../lib/auth';

export const GET = auth.protected.handler(async (_request: Request, { session }) =>
  Response.json({ user: session.user.sub }),
);
