import { authorization } from './endpoints/authorization.ts';
import { deviceAuthorization } from './endpoints/device-authorization.ts';
import { discovery } from './endpoints/discovery.ts';
import { endSession } from './endpoints/end-session.ts';
import { introspection } from './endpoints/introspection.ts';
import { jwks } from './endpoints/jwks.ts';
import { pushedAuthorizationRequest } from './endpoints/pushed-authorization-request.ts';
import { revocation } from './endpoints/revocation.ts';
import { token } from './endpoints/token.ts';
import { userinfo } from './endpoints/userinfo.ts';
import { json, OAuthError } from './errors.ts';
import type { Endpoint, Failure } from './options.ts';
import type { LoggedRequest, ServerState } from './state.ts';
import { parseBounded } from './wire/bounded-json.ts';
import { findEndpoint } from './wire/endpoint-urls.ts';
import { respondInFormat } from './wire/rejection.ts';

type Handler = (state: ServerState, request: Request, body: URLSearchParams) => Promise<Response>;

const handlers: Readonly<Record<Endpoint, Handler>> = {
  discovery,
  jwks,
  authorization,
  token,
  pushed_authorization_request: pushedAuthorizationRequest,
  userinfo,
  revocation,
  introspection,
  end_session: endSession,
  device_authorization: deviceAuthorization,
};

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, dpop',
  'access-control-allow-methods': 'GET, POST',
  'access-control-expose-headers': 'dpop-nonce, www-authenticate, retry-after',
};

/** Handles one request: logs it, applies the next failure, then runs the endpoint. */
export async function route(state: ServerState, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const endpoint = findEndpoint(state, url.pathname);
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: cors });
  const text = request.method === 'POST' ? await request.clone().text() : '';
  const body = parseBody(request, text);
  const entry: LoggedRequest = {
    endpoint,
    method: request.method,
    path: url.pathname,
    headers: Object.fromEntries(request.headers),
    query: readFields(url.searchParams) as Record<string, string | string[]>,
    body: body.fields,
  };
  state.requests.push(entry);
  if (endpoint === undefined) return finish(entry, json({ error: 'not_found' }, 404));
  await state.heldRequests.get(endpoint);
  const failure = takeFailure(state, endpoint);
  if (failure?.delay) await new Promise((resolve) => setTimeout(resolve, failure.delay));
  if (failure?.network) throw new TypeError('fetch failed');
  if (failure && (failure.status !== undefined || failure.body !== undefined)) {
    const { body = null, status = 200, headers = {} } = failure;
    const content = body instanceof Uint8Array ? new Uint8Array(body) : body;
    return finish(entry, new Response(content, { status, headers }));
  }
  const response = await runHandler(state, handlers[endpoint], request, body.parameters);
  if (failure?.loseResponse) throw new TypeError('fetch failed');
  for (const [name, value] of Object.entries(failure?.headers ?? {})) response.headers.set(name, value);
  return finish(entry, response);
}

async function runHandler(
  state: ServerState,
  handler: Handler,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  try {
    return await handler(state, request, body);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { status, headers } = error;
    const members = {
      error: error.error,
      ...(error.message && { error_description: error.message }),
      ...error.members,
    };
    return handler === token
      ? respondInFormat(state, request, { members, status, headers })
      : json(members, status, { ...headers });
  }
}

function finish(entry: LoggedRequest, response: Response): Response {
  entry.status = response.status;
  for (const [name, value] of Object.entries(cors)) response.headers.set(name, value);
  return response;
}

function takeFailure(state: ServerState, endpoint: Endpoint): Failure | undefined {
  const queue = state.failures.get(endpoint) ?? [];
  const [first] = queue;
  if (!first) return undefined;
  first.left -= 1;
  if (first.left <= 0) queue.shift();
  return first;
}

/** Parses a form or a JSON body. Auth0 accepts both, so all flavours do. */
function parseBody(
  request: Request,
  text: string,
): { fields: Record<string, unknown>; parameters: URLSearchParams } {
  const type = request.headers.get('content-type') ?? '';
  if (type.includes('json')) {
    const value = parseBounded(text);
    const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
    }
    return { fields, parameters };
  }
  const parameters = new URLSearchParams(text);
  return { fields: readFields(parameters), parameters };
}

function readFields(parameters: URLSearchParams): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    fields[name] = values.length === 1 ? values[0] : values;
  }
  return fields;
}
