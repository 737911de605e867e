'use client';

import { SignedIn, SignedOut, useSession } from '@countersign/next/client';
import { useState } from 'react';

/** Shows the result of `useSession()`, and what `<SignedIn>` and `<SignedOut>` show. */
export function BrowserSession() {
  const { session, status, expiresIn, reload } = useSession();
  const [reloads, setReloads] = useState(0);
  const count = () => reload().then(() => setReloads((previous) => previous + 1));
  return (
    <main>
      <output aria-label="Status">{status}</output>
      <output aria-label="Expires in">{String(expiresIn)}</output>
      <SignedIn>
        <p>Signed in as {session?.user.sub}</p>
      </SignedIn>
      <SignedOut>
        <p>Signed out</p>
      </SignedOut>
      <button onClick={count} type="button">
        Reload
      </button>
      <output aria-label="Reloads">{reloads}</output>
    </main>
  );
}
