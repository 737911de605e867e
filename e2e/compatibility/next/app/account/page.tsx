import type { Session } from '@countersign/next';
import { auth } from '../../lib/auth';

/** No proxy protects this page, and it asks for no token: it is the wrapper alone that denies. */
export default auth.protected.page(async ({ session }: { session: Session }) => (
  <main data-user={session.user.sub}>
    <h1>Account</h1>
  </main>
));
