import type { IncomingMessage, ServerResponse } from 'node:http';
import { headersOfNode, serializeCookie } from '@countersign/core/session';
import type { OpenSession, Resolve } from './server.ts';

/** Request and response of `getServerSideProps` or of an API route. */
export interface PagesRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The session of a request of the Pages Router. */
export async function openPages(resolve: Resolve, { req, res }: PagesRequest): Promise<OpenSession> {
  const headers = headersOfNode(req);
  const resolved = resolve(headers);
  const opened = await resolved.sessions.open(headers.get('cookie'));
  const save = () => {
    if (opened.cookies.length > 0) res.setHeader('cache-control', 'private, no-store');
    for (const cookie of opened.cookies) res.appendHeader('set-cookie', serializeCookie(cookie));
  };
  return { resolved, opened, headers, save };
}
