import { auth } from '../../../lib/auth';

export const runtime = 'edge';

declare const EdgeRuntime: string | undefined;

export const GET = auth.protected.handler(async (_request: Request, { session }) => {
  const { scopes } = await auth.getAccessToken();
  return Response.json({ user: session.user.sub, scopes, edge: typeof EdgeRuntime === 'string' });
});
