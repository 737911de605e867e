import type { NextApiRequest, NextApiResponse } from 'next';
import { auth } from '../../../lib/auth';

export default async function stream(req: NextApiRequest, res: NextApiResponse) {
  const { getSession, getAccessToken } = auth.pages({ req, res });
  await getSession();
  res.write('begun\n');
  const result = await getAccessToken().then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'unknown',
  );
  res.end(`${result}\n`);
}
