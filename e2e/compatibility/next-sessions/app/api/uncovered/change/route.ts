import { auth } from '../../../../lib/auth';

/** No proxy runs before this handler. */
export async function POST() {
  await auth.updateSession((data) => ({ ...data, name: 'new' }));
  return new Response('changed');
}
