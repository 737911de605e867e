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
  const opened = await resolved.sessions.open(headers.get('cookie'), {
    request: req,
    writable: () => !res.headersSent,
  });
  const save = () => {
    const { cookies } = opened;
    if (cookies.length === 0) return;
    res.setHeader('cache-control', 'private, no-store');
    const isOurs = (line: string) => cookies.some(({ name }) => line.startsWith(`${name}=`));
    const others = [res.getHeader('set-cookie') ?? []].flat().filter((line) => !isOurs(String(line)));
    res.setHeader('set-cookie', [...others.map(String), ...cookies.map(serializeCookie)]);
  };
  return { resolved, opened, headers, save };
}
