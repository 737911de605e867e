import type { NextApiRequest, NextApiResponse } from 'next';
import { pagesAuth } from '../../lib/auth';

export default async function me(req: NextApiRequest, res: NextApiResponse) {
  const session = await pagesAuth.pages({ req, res }).getSession();
  if (session) res.json({ user: session.user.sub });
  else res.status(401).json({ error: 'not_signed_in' });
}
