'use client';

import { Message } from '../components/message';

interface Props {
  /** The server has logged the error. In production the browser receives only the digest. */
  readonly error: { readonly digest?: string };
  readonly retry: () => void;
}

export default function ErrorPage({ error, retry }: Props) {
  return (
    <Message eyebrow="That did not work" title="This page cannot be shown at the moment.">
      <p className="lead">You are still signed in. A service that the page needs is unavailable.</p>
      <p className="actions">
        <button className="button" onClick={retry} type="button">
          Try again
        </button>
        <a className="button quiet" href="/">
          Back to the start
        </a>
      </p>
      {error.digest && (
        <p className="muted">
          Error code for support: <code>{error.digest}</code>
        </p>
      )}
    </Message>
  );
}
