import { appendFileSync } from 'node:fs';
import type Provider from 'oidc-provider';
import { type Context, getProtocolContext } from './context.ts';

/** One protocol request. It never contains a token, code or secret. */
export interface LoggedRequest {
  /** ISO 8601. */
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly grant_type?: string;
  readonly client_id?: string;
  /** 0: the connection was closed without a response. */
  readonly status: number;
  /** The error code of the response, from its body or its redirect. */
  readonly error?: string;
}

export type RequestLog = (request: LoggedRequest) => void;

/** Creates a log that appends one JSON line per request to a file, before the response is sent. */
export function createFileRequestLog(file: string): RequestLog {
  return (request) => appendFileSync(file, `${JSON.stringify(request)}\n`);
}

const grantTypes = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
]);
const pages = /^\/(?:$|health|interaction\/|favicon)/;

/** Logs every protocol request. Requests for pages are not logged. */
export function logRequests(provider: Provider, log: RequestLog): void {
  provider.use(async (ctx, next) => {
    const time = new Date().toISOString();
    await next();
    if (pages.test(ctx.path)) return;
    const oidc = getProtocolContext(ctx);
    const grantType = oidc?.params?.grant_type ?? oidc?.body?.grant_type;
    const clientId = await findClientId(provider, ctx);
    const error = findErrorCode(ctx);
    log({
      time,
      method: ctx.method,
      // The path of an authorization request contains a random ID, which is not logged.
      path: ctx.path.replace(/^\/(auth|device)\/(?!auth$)[^/]+$/, '/$1/:uid'),
      // Only known values are logged: a client can send any text in these parameters, including a secret.
      ...(typeof grantType === 'string' && grantTypes.has(grantType) && { grant_type: grantType }),
      ...(clientId !== undefined && { client_id: clientId }),
      status: ctx.respond === false ? 0 : ctx.status,
      ...(error !== undefined && { error }),
    });
  });
}

/** Also finds a registered client that failed to authenticate. */
async function findClientId(provider: Provider, ctx: Context): Promise<string | undefined> {
  const oidc = getProtocolContext(ctx);
  if (oidc?.client) return oidc.client.clientId;
  const claimed =
    oidc?.params?.client_id ?? oidc?.body?.client_id ?? ctx.query.client_id ?? readBasicUser(ctx);
  if (typeof claimed !== 'string') return undefined;
  return (await provider.Client.find(claimed))?.clientId;
}

function readBasicUser(ctx: Context): string | undefined {
  const [scheme, credentials = ''] = ctx.get('authorization').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const [user = ''] = Buffer.from(credentials, 'base64').toString().split(':');
  return user === '' ? undefined : user;
}

function findErrorCode(ctx: Context): string | undefined {
  const { error } = (ctx.body ?? {}) as { error?: unknown };
  const location = ctx.response.get('location');
  const redirectUrl = location === '' ? undefined : URL.parse(location, 'http://localhost');
  const errorCode =
    error ??
    ctx.state.error ??
    redirectUrl?.searchParams.get('error') ??
    new URLSearchParams(redirectUrl?.hash.slice(1)).get('error');
  return typeof errorCode === 'string' && /^[a-z_]{1,60}$/.test(errorCode) ? errorCode : undefined;
}
