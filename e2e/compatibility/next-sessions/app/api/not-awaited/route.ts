import { auth } from '../../../lib/auth';

/** The handler does not await the promise. The wrapper does, so the response has the cookie. */
export const GET = auth.protected.handler(async () => {
  await Promise.race([auth.getAccessToken(), Promise.resolve()]);
  return new Response('returned');
});
