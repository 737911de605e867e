import { LoginButton, LogoutButton } from '@countersign/next/client';
import Link from 'next/link';
import { Suspense } from 'react';
import { auth } from '../lib/auth';
import { getGreeting } from '../lib/greeting';
import { NavLinks } from './nav-links';
import { SessionWarning } from './session-warning';

export function SiteHeader() {
  return (
    <header className="site-header">
      <Link className="brand" href="/">
        <span aria-hidden="true" className="mark" />
        Countersign
      </Link>
      <NavLinks />
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
  if (!session) return <LoginButton className="button" />;
  return (
    <>
      <span className="who">{getGreeting(session)}</span>
      <LogoutButton className="button quiet" />
      <SessionWarning session={session} />
    </>
  );
}
