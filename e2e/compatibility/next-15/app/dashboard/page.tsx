import type { Session } from '@countersign/core/session';
import { auth } from '../../lib/auth';

export default auth.protected.page(async ({ session }: { readonly session: Session }) => {
  const { expiresAt } = await auth.getAccessToken();
  return (
    <p id="dashboard" data-user={session.user.sub} data-expires-at={expiresAt}>
      Dashboard
    </p>
  );
});
