'use client';

import ErrorPage from './error';
import './globals.css';

/** In place of the layout, when the layout itself fails. */
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
