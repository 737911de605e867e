import type { Client } from '../../client/client.ts';
import { reportIgnoredIdToken } from '../../client/ignored-id-token.ts';
import { emitEvent } from '../../client/observability.ts';
import { ConfigurationError } from '../../errors.ts';
import { maxCookieBytes } from '../cookies/cookie-budget.ts';
import { type CookieToSet, serializeCookie } from '../cookies/cookies.ts';
import { claimNotice } from '../shared-state.ts';

/** Bytes of `Set-Cookie` headers that leave room for the other headers of a response in a buffer of 4 KiB. */
const maxHeaderBytes = 3_200;

/**
 * Reports a session whose cookies exceed the default limits of common servers and proxies: as an event, and once for each
 * process in the console.
 */
export function reportSessionSize(client: Client, cookies: readonly CookieToSet[]): void {
  const lines = cookies.map((cookie) => `set-cookie: ${serializeCookie(cookie)}\r\n`);
  const bytes = lines.reduce((total, line) => total + line.length, 0);
  if (bytes <= maxHeaderBytes) return;
  emitEvent(client, { type: 'session.large', bytes, cookies: cookies.length });
  if (!claimNotice(cookies.length > 1 ? 'second cookie' : 'large headers')) return;
  const count = cookies.length > 1 ? `${cookies.length} cookies` : 'a cookie';
  console.warn(
    `countersign: a session needs ${count} with ${bytes} bytes of Set-Cookie headers. Proxies with default limits respond with 502 or 400. ` +
      'To keep sessions small, use a session store (option "store"), or issue fewer claims and scopes at the provider. ' +
      `Otherwise allow response headers of 16 KiB (nginx: proxy_buffer_size 16k; proxy_buffers 8 16k;) and request headers of ${maxCookieBytes} bytes and your own cookies (nginx: large_client_header_buffers 4 16k;). This is written once for each process.`,
  );
}

/** Reports an access token that does not fit in the cookies: as an event, or without a listener in the console. */
export function reportOmittedToken(client: Client, resource: string | undefined): void {
  emitEvent(client, { type: 'session.token_omitted', ...(resource !== undefined && { resource }) });
  if (client.options.onEvent || !claimNotice('omitted token')) return;
  console.warn(
    `countersign: an access token${resource === undefined ? '' : ` for ${resource}`} does not fit in the session cookie and was not stored. ` +
      'Use a session store: set the option "store". This is written once for each process.',
  );
}

/** Reports the ID token of a refresh whose claims do not fit in the cookies. */
export const reportLargeIdToken = (client: Client): void =>
  reportIgnoredIdToken(
    client,
    new ConfigurationError(
      'cookies_too_large',
      'Its claims do not fit in the session cookies. Use a session store: set the option "store". Or issue fewer claims at the provider.',
    ),
  );
