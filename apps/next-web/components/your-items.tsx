import { AuthError } from '@countersign/core';
import { Suspense } from 'react';
import { auth } from '../lib/auth';
import { greetingOf } from '../lib/greeting';
import { listItems } from '../lib/items';

/** Streamed into a page that is the same file for everybody: the page waits neither for the session nor for the API. */
export function YourItems() {
  return (
    <section aria-labelledby="server" className="card">
      <h2 id="server">What the server adds</h2>
      <div aria-live="polite" className="muted">
        <Suspense fallback={<p>Asking the API …</p>}>
          <ItemCount />
        </Suspense>
      </div>
    </section>
  );
}

async function ItemCount() {
  const session = await auth.getSession();
  if (!session) return <p>Log in, and the number of your items comes after the page.</p>;
  const result = await listItems().catch(notNow);
  if (!result?.ok) return <p>Your items cannot be counted at the moment.</p>;
  const count = result.value.length;
  return (
    <p>
      {greetingOf(session)}, you have <strong>{count === 1 ? '1 item' : `${count} items`}</strong>.
    </p>
  );
}

/** Also a token that cannot be renewed now leaves the rest of the page as it is. */
function notNow(error: unknown): undefined {
  if (!(error instanceof AuthError)) throw error;
  console.error(error.message);
}
