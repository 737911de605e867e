import { after, connection } from 'next/server';
import { auth } from '../../../lib/auth';

/** What runs after the response can set no cookie. */
export async function GET() {
  await connection();
  after(async () => {
    const result = await auth.getAccessToken().then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
    console.log(`after: ${result}`);
  });
  return new Response('returned');
}
