import type { Session } from '@countersign/next';
import { Suspense } from 'react';
import { api, auth } from '../../../lib/auth';

/** A page without proxy, whose wrapper redirects to the login. */
const Items = auth.protected.page(async ({ session }: { readonly session: Session }) => {
  const response = await auth.fetch(`${api}/items`);
  const text = await response.text();
  return <p>{`${session.user.sub} has ${response.status} ${text}`}</p>;
});

export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Items />
    </Suspense>
  );
}
