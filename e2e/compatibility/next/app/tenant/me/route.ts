import { tenantAuth } from '../../../lib/auth';

export const GET = tenantAuth.protected.handler(async (_request: Request, { session }) =>
  Response.json({ user: session.user.sub, issuer: session.user.iss }),
);
