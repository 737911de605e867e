import { AuthError } from '@countersign/core';
import { Suspense } from 'react';
import { auth } from '../lib/auth';
import { getGreeting } from '../lib/greeting';
import { listItems } from '../lib/items';

/** Streamed into a static page: the page waits neither for the session nor for the API. */
export function YourItems() {
  return (
    <section aria-labelledby="server" className="card">
      <h2 id="server">Content from the server</h2>
      <div aria-live="polite" className="muted">
        <Suspense fallback={<p>Loading from the API …</p>}>
          <ItemCount />
        </Suspense>
      </div>
    </section>
  );
}

async function ItemCount() {
  const session = await auth.getSession();
  if (!session) return <p>Log in to see the count of your items.</p>;
  const result = await listItems().catch(ignoreAuthError);
  if (!result?.ok) return <p>The count of your items is temporarily unavailable.</p>;
  const count = result.value.length;
  return (
    <p>
      {getGreeting(session)}, you have <strong>{count === 1 ? '1 item' : `${count} items`}</strong>.
    </p>
  );
}

/** A token that cannot be refreshed must not break the rest of the page. */
function ignoreAuthError(error: unknown): undefined {
  if (!(error instanceof AuthError)) throw error;
  console.error(error.message);
}
