import { serializeCookie } from '../cookies/cookies.ts';
import type { RequestSession } from '../request-session.ts';
import { createErrorResponse } from '../routes/failures.ts';
import type { WebSessions } from '../web-sessions.ts';
import { json, setPrivateCaching } from './responses.ts';

/** A request as Node's `http` gives it; `body` is there when a framework has parsed a form already. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

/** As much of Node's `ServerResponse` as an answer needs. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  /** True when the connection has ended: nothing reaches the browser any more. */
  readonly destroyed?: boolean;
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string | readonly string[]): unknown;
  appendHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** The headers of a request of Node's own server, as a `Headers` object; several of one name stay several. */
export function readNodeHeaders(req: NodeRequest): Headers {
  const headers = new Headers();
  for (const [field, value] of Object.entries(req.headers)) {
    // HTTP/2 has pseudo-header fields, which `Headers` does not take; one of them stands for Host (RFC 9113 section 8.3.1).
    const name = field === ':authority' ? 'host' : field;
    if (name.startsWith(':') || (name !== field && req.headers.host !== undefined)) continue;
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}

/** The session of a request, which all who ask for it with this request share. */
export interface NodeSession {
  readonly opened: RequestSession;
  readonly headers: Headers;
  /** Puts the cookies that came of what was done on the response, in the place of those that were put there before. */
  readonly save: () => void;
}

/** What depends on the session is not for shared caches. `Cache-Control` of the application's own stays. */
function setNodePrivateCaching(res: Pick<NodeResponse, 'headersSent' | 'getHeader' | 'setHeader'>): void {
  if (res.headersSent) return;
  const headers = new Headers();
  for (const name of ['cache-control', 'vary']) {
    const value = res.getHeader(name);
    if (value !== undefined) headers.set(name, [value].flat().join(', '));
  }
  setPrivateCaching(headers);
  for (const [name, value] of headers) res.setHeader(name, value);
}

/** Opens the session of a request of Node's `http`. Once the headers of the answer are sent, no refresh token is spent. */
export async function openNodeSession(
  sessions: Pick<WebSessions, 'open'>,
  req: NodeRequest,
  res: Pick<NodeResponse, 'headersSent' | 'destroyed' | 'getHeader' | 'setHeader'>,
): Promise<NodeSession> {
  const headers = readNodeHeaders(req);
  const opened = await sessions.open(headers.get('cookie'), {
    request: req,
    writable: () => !res.headersSent && res.destroyed !== true,
  });
  setNodePrivateCaching(res);
  const save = () => {
    const { cookies } = opened;
    if (cookies.length === 0 || res.headersSent) return;
    // With a cookie, a shared cache must not keep the response, whatever the application says (RFC 9111 section 7.3).
    res.setHeader('cache-control', 'private, no-store');
    const isOurs = (line: string) => cookies.some(({ name }) => line.startsWith(`${name}=`));
    const before = [res.getHeader('set-cookie') ?? []].flat().map(String);
    res.setHeader('set-cookie', [...before.filter((line) => !isOurs(line)), ...cookies.map(serializeCookie)]);
  };
  return { opened, headers, save };
}

/**
 * Answers a request of Node's `http`, whose form has been parsed, by a handler of `Request` to `Response`.
 * What the handler throws is answered with an error.
 */
export async function handleNodeRequest(
  handle: (request: Request) => Promise<Response>,
  req: NodeRequest,
  res: NodeResponse,
): Promise<void> {
  const response = await answerOrRefuse(handle, req);
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') res.setHeader(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie);
  res.end(await response.text());
}

async function answerOrRefuse(
  handle: (request: Request) => Promise<Response>,
  req: NodeRequest,
): Promise<Response> {
  let request: Request;
  try {
    const body = req.method === 'POST' ? new URLSearchParams(fieldsOf(req.body)) : null;
    // A request target such as `//` is no URL; it is kept as a path.
    const url = new URL(`http://localhost${req.url?.startsWith('/') ? '' : '/'}${req.url ?? ''}`);
    request = new Request(url, { method: req.method ?? 'GET', headers: readNodeHeaders(req), body });
  } catch {
    return json({ error: 'invalid_request' }, { status: 400 });
  }
  try {
    return await handle(request);
  } catch (error) {
    return createErrorResponse(request, error, { route: 'handler' });
  }
}

const fieldsOf = (body: unknown) =>
  Object.entries((typeof body === 'object' && body) || {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
