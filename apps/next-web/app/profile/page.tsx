import type { Session } from '@countersign/next';
import { LogoutButton } from '@countersign/next/client';
import type { Metadata } from 'next';
import { auth } from '../../lib/auth';
import { getGreeting } from '../../lib/greeting';
import { saveGreeting } from './actions';

export const metadata: Metadata = { title: 'Profile' };

// Disables the static shell, which a script completes: the page works without JavaScript.
export const instant = false;

export default auth.protected.page(async ({ session }: { readonly session: Session }) => {
  const { user, scopes, createdAt, expiresAt } = session;
  const rows = [
    ...Object.entries(user).map(([claim, value]) => [claim, text(value)] as const),
    ['granted scopes', scopes.join(' ')] as const,
    ['signed in', time(createdAt)] as const,
    ['expires at the latest', time(expiresAt)] as const,
  ];
  return (
    <>
      <h1>Profile</h1>
      <p className="lead">Your claims from the provider, and the lifetime of this session.</p>
      <div className="columns wide-first">
        <section aria-labelledby="claims" className="card">
          <h2 id="claims">Your claims</h2>
          <dl className="claims">
            {rows.map(([claim, value]) => (
              <div key={claim}>
                <dt>{claim}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <div className="stack">
          <section aria-labelledby="greeting-title" className="card">
            <h2 id="greeting-title">Your greeting</h2>
            <p className="muted">This application stores it in the session until you log out.</p>
            <form action={saveGreeting} className="labelled">
              <label htmlFor="greeting">Call me</label>
              <div className="field">
                <input
                  autoComplete="off"
                  defaultValue={getGreeting(session)}
                  id="greeting"
                  maxLength={40}
                  name="greeting"
                />
                <button className="button" type="submit">
                  Save
                </button>
              </div>
            </form>
          </section>
          <section aria-labelledby="session" className="card">
            <h2 id="session">This session</h2>
            <p className="muted">An application can require the password again before a critical action.</p>
            <div className="actions">
              <a className="button quiet" href="/auth/login?max_age=0&amp;returnTo=/profile">
                Confirm my password
              </a>
              <LogoutButton className="button quiet" />
            </div>
          </section>
        </div>
      </div>
    </>
  );
});

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const time = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ', ')} UTC`;
