import { auth } from '../../../lib/auth';

/** The promise is not awaited: the wrapper waits for the refresh, and the response has its cookie. */
export const GET = auth.protected.handler(async () => {
  await Promise.race([auth.getAccessToken(), Promise.resolve()]);
  return new Response('returned');
});
