import type { IncomingMessage, ServerResponse } from 'node:http';
import { openNodeSession, readNodeHeaders } from '@countersign/core/session/adapter';
import { removeProxyCookies } from '../proxy/proxy-cookies.ts';
import { readCookieHeader } from '../received-cookies.ts';
import { getRequestScope, rejectSharedCache } from '../request-scope.ts';
import type { OpenSession, Resolve } from './app-router-session.ts';

/** Request and response of `getServerSideProps` or of an API route. */
export interface PagesRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Opens the session of a request of the Pages Router. */
export async function openPagesSession(resolve: Resolve, { req, res }: PagesRequest): Promise<OpenSession> {
  rejectSharedCache(getRequestScope().unit);
  const headers = readNodeHeaders(req);
  const cookie = readCookieHeader(headers);
  if (cookie !== headers.get('cookie')) req.headers.cookie = cookie ?? '';
  const webAuth = resolve(headers);
  const nodeSession = await openNodeSession(webAuth.sessions, req, res);
  const save = () => {
    removeProxyCookies(nodeSession.requestSession.cookies, req);
    return nodeSession.save();
  };
  return { webAuth, ...nodeSession, save };
}
