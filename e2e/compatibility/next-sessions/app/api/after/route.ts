import { after, connection } from 'next/server';
import { auth } from '../../../lib/auth';

/** Code that runs after the response cannot set a cookie. */
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
