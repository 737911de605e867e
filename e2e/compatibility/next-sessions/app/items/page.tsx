import { Suspense } from 'react';
import { api, auth } from '../../lib/auth';

export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Items />
    </Suspense>
  );
}

async function Items() {
  const session = await auth.requireSession();
  const response = await auth.fetch(`${api}/items`);
  const text = await response.text();
  return <p>{`${session.user.sub} has ${response.status} ${text}`}</p>;
}
