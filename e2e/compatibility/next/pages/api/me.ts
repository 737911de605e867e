import type { NextApiRequest, NextApiResponse } from 'next';
import { pagesAuth } from '../../lib/auth';

export default async function me(req: NextApiRequest, res: NextApiResponse) {
  const { getSession, updateSession } = pagesAuth.pages({ req, res });
  const session = await getSession();
  if (!session) return res.status(401).json({ error: 'not_signed_in' });
  if (req.method !== 'POST') return res.json({ user: session.user.sub });
  const { data } = await updateSession(({ visits, ...otherData }) => ({
    ...otherData,
    visits: Number(visits ?? 0) + 1,
  }));
  return res.json(data);
}
