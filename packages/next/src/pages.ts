import type { IncomingMessage, ServerResponse } from 'node:http';
import { openNodeSession, readNodeHeaders } from '@countersign/core/session';
import type { OpenSession, Resolve } from './server.ts';

/** Request and response of `getServerSideProps` or of an API route. */
export interface PagesRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The session of a request of the Pages Router. */
export async function openPages(resolve: Resolve, { req, res }: PagesRequest): Promise<OpenSession> {
  const resolved = resolve(readNodeHeaders(req));
  return { resolved, ...(await openNodeSession(resolved.sessions, req, res)) };
}
