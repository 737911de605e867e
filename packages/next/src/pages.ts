import type { IncomingMessage, ServerResponse } from 'node:http';
import { serializeCookie } from '@countersign/core/session';
import type { OpenSession, Resolve } from './server.ts';

/** Request and response of `getServerSideProps` or of an API route. */
export interface PagesRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The session of a request of the Pages Router. */
export async function openPages(resolve: Resolve, { req, res }: PagesRequest): Promise<OpenSession> {
  const headers = headersOf(req);
  const resolved = resolve(headers);
  const opened = await resolved.sessions.open(headers.get('cookie'));
  const save = () => {
    if (opened.cookies.length > 0) res.setHeader('cache-control', 'private, no-store');
    for (const cookie of opened.cookies) res.appendHeader('set-cookie', serializeCookie(cookie));
  };
  return { resolved, opened, headers, save };
}

/** Answers the routes from an API route: `pages/api/auth/[...auth].ts`, with the option `routes: '/api/auth'`. */
export async function answerPages(
  handle: (request: Request) => Promise<Response>,
  req: IncomingMessage & { readonly body?: unknown },
  res: ServerResponse,
): Promise<void> {
  const headers = headersOf(req);
  // Next has read and parsed the form already.
  const body = req.method === 'POST' ? new URLSearchParams(fieldsOf(req.body)) : null;
  const url = new URL(req.url ?? '/', 'http://localhost');
  const response = await handle(new Request(url, { method: req.method ?? 'GET', headers, body }));
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') res.setHeader(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie);
  res.end(await response.text());
}

const fieldsOf = (body: unknown) =>
  Object.entries((typeof body === 'object' && body) || {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}
