import type { Session } from '@countersign/next';
import { auth } from '../../lib/auth';
import { save } from './actions';

export default auth.protected.page(async ({ session }: { session: Session }) => {
  const { expiresAt } = await auth.getAccessToken();
  return (
    <main data-user={session.user.sub} data-expires-at={(expiresAt ?? 0) * 1000}>
      <h1>Dashboard</h1>
      <form action={save}>
        <input name="title" />
      </form>
    </main>
  );
});
