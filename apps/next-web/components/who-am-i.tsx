'use client';

import { SignedIn, SignedOut, useSession } from '@countersign/next/client';

/** A client component. It receives the session, but no token. */
export function WhoAmI() {
  const { session, status } = useSession();
  return (
    <section aria-labelledby="browser" className="card">
      <h2 id="browser">The session in the browser</h2>
      <div aria-live="polite" className="muted">
        {status === 'loading' && <p>Loading the session …</p>}
        <SignedOut>
          <p>You are not signed in.</p>
        </SignedOut>
        <SignedIn>
          <p>
            Signed in as <strong>{session?.user.name ?? session?.user.sub}</strong>
            {session?.user.email && <> ({session.user.email})</>}.
          </p>
        </SignedIn>
      </div>
    </section>
  );
}
