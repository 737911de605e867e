import type { Session } from '@countersign/next';
import { headers } from 'next/headers';
import { auth } from '../../lib/auth';
import { save } from './actions';

export default auth.protected.page(async ({ session }: { session: Session }) => {
  const { expiresAt } = await auth.getAccessToken();
  const locale = (await headers()).get('x-locale') ?? 'en';
  return (
    <main data-user={session.user.sub} data-expires-at={(expiresAt ?? 0) * 1000} data-locale={locale}>
      <h1>Dashboard</h1>
      <form action={save}>
        <input name="title" />
      </form>
    </main>
  );
});
