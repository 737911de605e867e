import type { NextApiRequest, NextApiResponse } from 'next';
import { auth } from '../../../lib/auth';

export default async function stream(req: NextApiRequest, res: NextApiResponse) {
  res.write('begun\n');
  const result = await auth
    .pages({ req, res })
    .getAccessToken()
    .then(
      () => 'done',
      (error: { code?: string }) => error.code ?? 'unknown',
    );
  res.end(`${result}\n`);
}
