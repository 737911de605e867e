import { ConfigurationError } from '../../errors.ts';
import { serializeCookie } from '../cookies/cookies.ts';
import { createErrorResponse } from '../pages/error-responses.ts';
import type { RequestSession } from '../requests/request-session.ts';
import type { WebSessions } from '../web-sessions.ts';
import { isPrefetch } from './request-checks.ts';
import { createJsonResponse, isNeverShared, setPrivateCaching } from './responses.ts';

/** A request of Node's `http`. `body` is set if a framework has parsed a form already. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

/** The members of Node's `ServerResponse` that are used here. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  /** True if the connection was closed: the browser receives nothing more. */
  readonly destroyed?: boolean;
  /** The stream of an HTTP/2 response, which has no `destroyed`. */
  readonly stream?: { readonly destroyed?: boolean } | undefined;
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string | readonly string[]): unknown;
  appendHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/**
 * Reads the headers of a request of Node's `http` into a `Headers` object. Repeated headers stay repeated.
 *
 * @see https://nodejs.org/api/http.html#messageheaders
 * @example
 * ```ts
 * import { type NodeRequest, readNodeHeaders } from '@countersign/core/session/adapter';
 *
 * export const readCookie = (req: NodeRequest): string | null => readNodeHeaders(req).get('cookie');
 * ```
 */
export function readNodeHeaders(req: NodeRequest): Headers {
  const headers = new Headers();
  for (const [field, value] of Object.entries(req.headers)) {
    // `Headers` rejects the pseudo-header fields of HTTP/2. `:authority` replaces Host (RFC 9113 section 8.3.1).
    const name = field === ':authority' ? 'host' : field;
    if (name.startsWith(':') || (name !== field && req.headers.host !== undefined)) continue;
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}

/** The session of a request of Node's `http`. All callers with the same request object share it. */
export interface NodeSession {
  readonly requestSession: RequestSession;
  readonly headers: Headers;
  /** Sets the current session cookies on the response. They replace session cookies that were set before. */
  readonly save: () => void;
}

const isClosed = ({ destroyed, stream }: Pick<NodeResponse, 'destroyed' | 'stream'>): boolean =>
  destroyed === true || stream?.destroyed === true;

/** Responses whose session was opened before their headers were sent. */
const markedResponses = new WeakSet<object>();

/**
 * Marks the response as private, except for `Cache-Control` values of the application.
 *
 * @throws ConfigurationError `shared_cache` if the headers were sent, and allow a shared cache to return the response to
 *   another user
 */
function setNodePrivateCaching(
  req: NodeRequest,
  res: Pick<NodeResponse, 'headersSent' | 'destroyed' | 'stream' | 'getHeader' | 'setHeader'>,
): void {
  if (res.headersSent) {
    rejectSharedResponse(req, res);
    return;
  }
  markedResponses.add(res);
  const headers = new Headers();
  for (const name of ['cache-control', 'vary']) {
    const value = res.getHeader(name);
    if (value !== undefined) headers.set(name, [value].flat().join(', '));
  }
  setPrivateCaching(headers);
  for (const [name, value] of headers) res.setHeader(name, value);
}

function rejectSharedResponse(
  { method = 'GET' }: NodeRequest,
  res: Pick<NodeResponse, 'destroyed' | 'stream' | 'getHeader'>,
): void {
  // Caches practically never store the response to another method.
  if (markedResponses.has(res) || isClosed(res) || !/^(?:GET|HEAD)$/.test(method)) return;
  if (isNeverShared(readSentCacheControl(res))) return;
  throw new ConfigurationError(
    'shared_cache',
    'The session was used for the first time after the headers of the response were sent, and they allow a shared cache to store it. Use the session before you write the response, or set "Cache-Control: private".',
  );
}

/** Node does not list the headers that the application has passed to `writeHead()` only. */
function readSentCacheControl(res: Pick<NodeResponse, 'getHeader'>): string {
  const value = res.getHeader('cache-control');
  if (value !== undefined) return [value].flat().join(', ');
  const { _header: sentHeaders } = res as { readonly _header?: unknown };
  return /^cache-control:(.*)$/im.exec(String(sentHeaders ?? ''))?.[1]?.trim() ?? '';
}

/**
 * Opens the session of a request of Node's `http`. After the response headers are sent, no refresh token is spent,
 * because the cookie with its successor could not be set.
 *
 * @throws TransportError `store_unavailable` if it is unknown whether there is a session
 * @throws ConfigurationError `shared_cache` if the headers of the response were sent, and are not private
 * @see https://nodejs.org/api/http.html#responseheaderssent
 * @example
 * ```ts
 * import type { WebSessions } from '@countersign/core/session';
 * import { type NodeRequest, type NodeResponse, openNodeSession } from '@countersign/core/session/adapter';
 *
 * export async function readUser(sessions: WebSessions, req: NodeRequest, res: NodeResponse) {
 *   const { requestSession, save } = await openNodeSession(sessions, req, res);
 *   save();
 *   return requestSession.session?.user;
 * }
 * ```
 */
export async function openNodeSession(
  sessions: Pick<WebSessions, 'open'>,
  req: NodeRequest,
  res: Pick<NodeResponse, 'headersSent' | 'destroyed' | 'stream' | 'getHeader' | 'setHeader'>,
): Promise<NodeSession> {
  const headers = readNodeHeaders(req);
  // Before anything is awaited: the application may write the response meanwhile.
  setNodePrivateCaching(req, res);
  const requestSession = await sessions.open(headers.get('cookie'), {
    request: req,
    isUse: !isPrefetch({ headers }, undefined),
    writable: () => !res.headersSent && !isClosed(res),
  });
  const save = () => {
    const { cookies } = requestSession;
    if (cookies.length === 0 || res.headersSent) return;
    // A shared cache must not store a response with a session cookie, even if the application allows it (RFC 9111 section 7.3).
    res.setHeader('cache-control', 'private, no-store');
    const isSessionCookie = (line: string) => cookies.some(({ name }) => line.startsWith(`${name}=`));
    const lines = [res.getHeader('set-cookie') ?? []].flat().map(String);
    const others = lines.filter((line) => !isSessionCookie(line));
    res.setHeader('set-cookie', [...others, ...cookies.map(serializeCookie)]);
  };
  return { requestSession, headers, save };
}

/**
 * Handles a request of Node's `http`, whose form has been parsed, with a function of `Request` to `Response`.
 * An error of the function becomes an error response.
 *
 * @see https://nodejs.org/api/http.html#class-httpserverresponse
 * @example
 * ```ts
 * import type { WebSessions } from '@countersign/core/session';
 * import { handleNodeRequest, type NodeRequest, type NodeResponse } from '@countersign/core/session/adapter';
 *
 * export const handleRoute = (sessions: WebSessions, req: NodeRequest, res: NodeResponse) =>
 *   handleNodeRequest(
 *     async (request) => (await sessions.handle(request)) ?? new Response(null, { status: 404 }),
 *     req,
 *     res,
 *   );
 * ```
 */
export async function handleNodeRequest(
  handle: (request: Request) => Promise<Response>,
  req: NodeRequest,
  res: NodeResponse,
): Promise<void> {
  const response = await createResponse(handle, req);
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') res.setHeader(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie);
  res.end(await response.text());
}

async function createResponse(
  handle: (request: Request) => Promise<Response>,
  req: NodeRequest,
): Promise<Response> {
  let request: Request;
  try {
    const body = req.method === 'POST' ? new URLSearchParams(readFields(req.body)) : null;
    // A request target such as `//` is not a valid URL. It is treated as a path.
    const url = new URL(`http://localhost${req.url?.startsWith('/') ? '' : '/'}${req.url ?? ''}`);
    request = new Request(url, { method: req.method ?? 'GET', headers: readNodeHeaders(req), body });
  } catch {
    return createJsonResponse({ error: 'invalid_request' }, { status: 400 });
  }
  try {
    return await handle(request);
  } catch (error) {
    return createErrorResponse(request, error, { route: 'handler' });
  }
}

const readFields = (body: unknown) =>
  Object.entries((typeof body === 'object' && body) || {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
