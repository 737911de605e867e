import { auth } from '../../../lib/auth';

export const runtime = 'edge';

declare const EdgeRuntime: string | undefined;

export const GET = auth.protected.handler(async (_request: Request, { session }) => {
  const { scope } = await auth.getAccessToken();
  return Response.json({ user: session.user.sub, scope, edge: typeof EdgeRuntime === 'string' });
});
