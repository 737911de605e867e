import type { Session } from '@countersign/next';
import { LogoutButton } from '@countersign/next/client';
import type { Metadata } from 'next';
import { auth } from '../../lib/auth';

export const metadata: Metadata = { title: 'Profile' };

// Rendered whole, without a shell that is filled in by a script: the page works without JavaScript.
export const instant = false;

export default auth.protected.page(async ({ session }: { readonly session: Session }) => {
  const { user, scope, createdAt, expiresAt } = session;
  const rows = [
    ...Object.entries(user).map(([claim, value]) => [claim, text(value)] as const),
    ['granted scope', scope] as const,
    ['signed in', time(createdAt)] as const,
    ['ends at the latest', time(expiresAt)] as const,
  ];
  return (
    <>
      <h1>Profile</h1>
      <p className="lead">What the identity provider says about you, and how long this session lasts.</p>
      <section className="card">
        <dl className="claims">
          {rows.map(([claim, value]) => (
            <div key={claim}>
              <dt>{claim}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <LogoutButton className="button quiet" />
      </section>
    </>
  );
});

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const time = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ', ')} UTC`;
