import { Suspense } from 'react';
import { auth } from '../../lib/auth';

export default function Home() {
  return (
    <Suspense fallback="Loading">
      <Name />
    </Suspense>
  );
}

async function Name() {
  return (await auth.getSession())?.user.name ?? 'Signed out';
}
