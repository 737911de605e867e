'use client';

import { useSession } from '@countersign/next/client';

/** A client component: it knows who is signed in, and never sees a token. */
export function WhoAmI() {
  const { session, status } = useSession();
  return (
    <section aria-labelledby="browser" className="card">
      <h2 id="browser">What the browser knows</h2>
      <p aria-live="polite" className="muted">
        {status === 'loading' && 'Asking the server …'}
        {status === 'signed-out' && 'Nobody is signed in.'}
        {session && (
          <>
            Signed in as <strong>{session.user.name ?? session.user.sub}</strong>
            {session.user.email && <> ({session.user.email})</>}.
          </>
        )}
      </p>
    </section>
  );
}
