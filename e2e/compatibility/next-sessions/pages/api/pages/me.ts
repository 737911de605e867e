import type { NextApiRequest, NextApiResponse } from 'next';
import { auth } from '../../../lib/auth';

export default async function me(req: NextApiRequest, res: NextApiResponse) {
  const session = await auth.pages({ req, res }).getSession();
  res.json({ user: session?.user.sub ?? null });
}
