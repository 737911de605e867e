import type { Metadata } from 'next';
import Link from 'next/link';
import { Message } from '../components/message';

export const metadata: Metadata = { title: 'Not for this account' };

/**
 * Shown if `requireScopes()` or a wrapper with `scopes` finds that a scope is missing. The status is 403 for actions. For
 * pages Next has sent the status 200 already, because Cache Components are enabled.
 */
export default function Forbidden() {
  return (
    <Message eyebrow="403" title="Your account may not do this.">
      <p className="lead">
        You are signed in, but your account lacks a permission that this page needs. Logging in again does not
        change that.
      </p>
      <p className="actions">
        <Link className="button" href="/dashboard">
          Back to the dashboard
        </Link>
        <Link className="button quiet" href="/profile">
          See your permissions
        </Link>
      </p>
    </Message>
  );
}
