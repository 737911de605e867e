import type { Metadata } from 'next';
import { Suspense } from 'react';
import { auth } from '../../lib/auth';

export const metadata: Metadata = { title: 'Profile' };

export default function ProfilePage() {
  return (
    <>
      <h1>Profile</h1>
      <p className="lead">What the identity provider says about you, and how long this session lasts.</p>
      <Suspense fallback={<p className="muted">Loading your profile …</p>}>
        <Profile />
      </Suspense>
    </>
  );
}

async function Profile() {
  const { user, scope, createdAt, expiresAt } = await auth.requireSession();
  const rows = [
    ...Object.entries(user).map(([claim, value]) => [claim, text(value)] as const),
    ['granted scope', scope] as const,
    ['signed in', time(createdAt)] as const,
    ['ends at the latest', time(expiresAt)] as const,
  ];
  return (
    <section className="card">
      <dl className="claims">
        {rows.map(([claim, value]) => (
          <div key={claim}>
            <dt>{claim}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const time = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ', ')} UTC`;
