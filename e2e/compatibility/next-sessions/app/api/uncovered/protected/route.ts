import { auth } from '../../../../lib/auth';

export const GET = auth.protected.handler(async (_: Request, { session }) =>
  Response.json({ user: session.user.sub }),
);
