import type { Session } from '@countersign/next';
import { auth } from '../../lib/auth';

/** Only the wrapper protects this page: there is no proxy and no token request. */
export default auth.protected.page(async ({ session }: { session: Session }) => (
  <main data-user={session.user.sub}>
    <h1>Account</h1>
  </main>
));
