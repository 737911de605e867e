import type { Session } from '@countersign/next';
import { memoryAuth } from '../../../lib/memory-auth';

/** A stored session is refreshed while the page is rendered. */
export default memoryAuth.protected.page(async ({ session }: { session: Session }) => {
  const { expiresAt } = await memoryAuth.getAccessToken();
  return <main data-user={session.user.sub} data-expires-at={(expiresAt ?? 0) * 1000} />;
});
