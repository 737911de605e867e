import { auth } from '../../lib/auth';

/** The proxy refreshes before this handler. */
export async function POST() {
  await auth.updateSession((data) => ({ ...data, name: 'new' }));
  return new Response('changed');
}
