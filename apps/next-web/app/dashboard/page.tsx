import { AuthProvider } from '@countersign/next/client';
import type { Metadata } from 'next';
import Link from 'next/link';
import { AddItem } from '../../components/add-item';
import { TokenLifetime } from '../../components/token-lifetime';
import { WhoAmI } from '../../components/who-am-i';
import { auth } from '../../lib/auth';
import { getGreeting } from '../../lib/greeting';
import { listItems } from '../../lib/items';

export const metadata: Metadata = { title: 'Dashboard' };

// Disables the static shell, which a script completes: the page works without JavaScript.
export const instant = false;

export default async function DashboardPage() {
  const session = await auth.requireSession();
  const token = await auth.getAccessToken();
  const secondsLeft =
    token.expiresAt === undefined ? undefined : token.expiresAt - Math.floor(Date.now() / 1000);
  return (
    <>
      <h1>Good to see you, {getGreeting(session)}.</h1>
      <p className="lead">The server fetched the items below from the API with your access token.</p>
      <div className="columns">
        <section aria-labelledby="items" className="card">
          <h2 id="items">Your items</h2>
          <Items />
          <AddItem />
          <p>
            <Link href="/import">Add several at once</Link>
          </p>
        </section>
        <div className="stack">
          <section aria-labelledby="token" className="card">
            <h2 id="token">Access token</h2>
            <TokenLifetime secondsLeft={secondsLeft} />
            <p className="muted">
              Granted: <code>{token.scopes.join(' ')}</code>
            </p>
          </section>
          {/* With the session of the server, the browser sends no session request. */}
          <AuthProvider session={session}>
            <WhoAmI />
          </AuthProvider>
        </div>
      </div>
    </>
  );
}

async function Items() {
  const result = await listItems();
  if (!result.ok) {
    return (
      <p className="notice" role="status">
        {result.reason === 'forbidden'
          ? 'The API responded with 403: your account has no permission to read items.'
          : 'The API cannot be reached at the moment. You are still signed in.'}
      </p>
    );
  }
  if (result.value.length === 0) return <p className="muted">Nothing here yet. Add the first one.</p>;
  return (
    <ul className="items">
      {result.value.map((item) => (
        <li key={item.id}>
          <span>{item.title}</span>
          <time className="muted" dateTime={item.createdAt}>
            {item.createdAt.slice(11, 16)} UTC
          </time>
        </li>
      ))}
    </ul>
  );
}
