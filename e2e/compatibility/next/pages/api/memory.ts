import type { NextApiRequest, NextApiResponse } from 'next';
import { memoryAuth } from '../../lib/memory-auth';

export default async function memory(req: NextApiRequest, res: NextApiResponse) {
  const session = await memoryAuth.pages({ req, res }).getSession();
  res.status(session ? 200 : 401).json({ user: session?.user.sub ?? null });
}
