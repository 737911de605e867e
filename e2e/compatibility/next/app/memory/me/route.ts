import { countCopies, memoryAuth } from '../../../lib/memory-auth';

export const GET = memoryAuth.protected.handler(async (_request: Request, { session }) =>
  Response.json({ user: session.user.sub, copies: countCopies() }),
);
