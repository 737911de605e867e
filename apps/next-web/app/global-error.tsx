'use client';

import ErrorPage from './error';
import './globals.css';

/** Replaces the layout if the layout fails. */
export default function GlobalErrorPage(props: Parameters<typeof ErrorPage>[0]) {
  return (
    <html lang="en">
      <head>
        <title>That did not work · Countersign on Next.js</title>
      </head>
      <body>
        <main>
          <ErrorPage {...props} />
        </main>
      </body>
    </html>
  );
}
