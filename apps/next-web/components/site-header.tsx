import Link from 'next/link';
import { Suspense } from 'react';
import { auth } from '../lib/auth';

export function SiteHeader() {
  return (
    <header className="site-header">
      <Link className="brand" href="/">
        <span aria-hidden="true" className="mark" />
        Countersign
      </Link>
      <nav aria-label="Main">
        <Link href="/dashboard">Dashboard</Link>
        <Link href="/profile">Profile</Link>
      </nav>
      <div className="account">
        <Suspense fallback={<span className="placeholder" />}>
          <Account />
        </Suspense>
      </div>
    </header>
  );
}

async function Account() {
  const session = await auth.getSession();
  if (!session) {
    return (
      <a className="button" href="/auth/login">
        Log in
      </a>
    );
  }
  return (
    <>
      <span className="who">{session.user.name ?? session.user.sub}</span>
      <form action="/auth/logout" method="post">
        <button className="button quiet" type="submit">
          Log out
        </button>
      </form>
    </>
  );
}
