import { api, auth } from '../../../../lib/auth';

/** Forwards the response of an API. The headers of a fetched response cannot be changed. */
export async function GET() {
  const session = await auth.getSession();
  if (!session) return Response.json({ error: 'not_signed_in' }, { status: 401 });
  return auth.fetch(`${api}/echo/${session.user.sub}`);
}
