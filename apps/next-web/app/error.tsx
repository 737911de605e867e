'use client';

import { Message } from '../components/message';

interface Props {
  /** On the server it was logged; of its message, production sends nothing to the browser. */
  readonly error: { readonly digest?: string };
  readonly retry: () => void;
}

export default function ErrorPage({ error, retry }: Props) {
  return (
    <Message eyebrow="That did not work" title="This page cannot be shown at the moment.">
      <p className="lead">You are still signed in. Something that the page needs did not answer.</p>
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
          For whoever you ask for help: <code>{error.digest}</code>
        </p>
      )}
    </Message>
  );
}
