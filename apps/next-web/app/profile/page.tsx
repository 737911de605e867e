import type { Session } from '@countersign/next';
import { LogoutButton } from '@countersign/next/client';
import type { Metadata } from 'next';
import { auth } from '../../lib/auth';
import { greetingOf } from '../../lib/greeting';
import { saveGreeting } from './actions';

export const metadata: Metadata = { title: 'Profile' };

// Rendered whole, without a shell that is filled in by a script: the page works without JavaScript.
export const instant = false;

export default auth.protected.page(async ({ session }: { readonly session: Session }) => {
  const { user, scopes, createdAt, expiresAt } = session;
  const rows = [
    ...Object.entries(user).map(([claim, value]) => [claim, text(value)] as const),
    ['granted scopes', scopes.join(' ')] as const,
    ['signed in', time(createdAt)] as const,
    ['ends at the latest', time(expiresAt)] as const,
  ];
  return (
    <>
      <h1>Profile</h1>
      <p className="lead">What the identity provider says about you, and how long this session lasts.</p>
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
            <p className="muted">Kept in the session by this application, until you log out.</p>
            <form action={saveGreeting} className="labelled">
              <label htmlFor="greeting">Call me</label>
              <div className="field">
                <input
                  autoComplete="off"
                  defaultValue={greetingOf(session)}
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
            <p className="muted">
              Before something important, an application may ask for the password again.
            </p>
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
