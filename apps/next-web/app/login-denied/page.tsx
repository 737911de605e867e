import { LoginButton } from '@countersign/next/client';
import type { Metadata } from 'next';
import Link from 'next/link';
import { Message } from '../../components/message';

export const metadata: Metadata = { title: 'Not logged in' };

// Disables the static shell, which a script completes: the page works without JavaScript.
export const instant = false;

interface Props {
  /** `code`, `reason` and `returnTo`, from the option `pages.denied`. */
  readonly searchParams: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
}

/** Shown after a login that the user or the provider denied. It needs no session. */
export default async function LoginDeniedPage({ searchParams }: Props) {
  const { returnTo } = await searchParams;
  // The login route accepts only paths of this application.
  const target = typeof returnTo === 'string' ? returnTo : '/';
  return (
    <Message eyebrow="Login canceled" title="You are not logged in.">
      <p className="lead">
        The login was canceled, or this application received no access to your account. Nothing was stored.
      </p>
      <p className="actions">
        <LoginButton className="button" returnTo={target}>
          Log in again
        </LoginButton>
        <Link className="button quiet" href="/">
          Back to the start
        </Link>
      </p>
    </Message>
  );
}
