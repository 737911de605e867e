import type { Metadata } from 'next';
import Link from 'next/link';
import { Message } from '../components/message';

export const metadata: Metadata = { title: 'Page not found' };

export default function NotFound() {
  return (
    <Message eyebrow="404" title="There is nothing at this address.">
      <p className="lead">The link may be outdated or incomplete. Your session is not affected.</p>
      <p className="actions">
        <Link className="button" href="/">
          Back to the start
        </Link>
      </p>
    </Message>
  );
}
