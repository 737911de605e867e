import { auth } from '../../../lib/auth';

/** Without wrapper: Next handles the error. */
export async function GET() {
  const session = await auth.requireScopes('items:write');
  return Response.json({ user: session.user.sub });
}

export const POST = auth.protected.handler(
  async (_request: Request, { session }) => Response.json({ user: session.user.sub }),
  { scopes: ['items:write'] },
);
