import type { Metadata } from 'next';
import Link from 'next/link';
import { Message } from '../components/message';

export const metadata: Metadata = { title: 'Not for this account' };

/**
 * Shown when `requireScopes()` or a wrapper with `scopes` misses one. Actions answer 403 with it; of a page, Next has sent
 * the 200 before, because Cache Components are on.
 */
export default function Forbidden() {
  return (
    <Message eyebrow="403" title="Your account may not do this.">
      <p className="lead">
        You are signed in, but this login was not granted what the page needs. Logging in again with the same
        account will not change that.
      </p>
      <p className="actions">
        <Link className="button" href="/dashboard">
          Back to the dashboard
        </Link>
        <Link className="button quiet" href="/profile">
          See what was granted
        </Link>
      </p>
    </Message>
  );
}
