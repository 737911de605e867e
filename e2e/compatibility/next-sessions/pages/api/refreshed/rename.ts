import type { NextApiRequest, NextApiResponse } from 'next';
import { auth } from '../../../lib/auth';

/** The proxy refreshes before this route. */
export default async function rename(req: NextApiRequest, res: NextApiResponse) {
  res.setHeader('set-cookie', ['before=1; Path=/']);
  await auth.pages({ req, res }).updateSession((data) => ({ ...data, name: 'new' }));
  res.json({ renamed: true });
}
