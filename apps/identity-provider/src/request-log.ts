import { appendFileSync } from 'node:fs';
import type Provider from 'oidc-provider';
import { type Context, protocolOf } from './context.ts';

/** One protocol request; never a token, code or secret. */
export interface LoggedRequest {
  /** ISO 8601. */
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly grant_type?: string;
  readonly client_id?: string;
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  /** The error code that was answered, in the body or in a redirect. */
  readonly error?: string;
}

export type RequestLog = (request: LoggedRequest) => void;

/** Appends one JSON line per request to a file, before the request is answered. */
export function fileRequestLog(file: string): RequestLog {
  return (request) => appendFileSync(file, `${JSON.stringify(request)}\n`);
}

const grantTypes = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
]);
const pages = /^\/(?:$|health|interaction\/|favicon)/;

/** Tells a log about every protocol request; the pages for people are left out. */
export function logRequests(provider: Provider, log: RequestLog): void {
  provider.use(async (ctx, next) => {
    const time = new Date().toISOString();
    await next();
    if (pages.test(ctx.path)) return;
    const oidc = protocolOf(ctx);
    const grantType = oidc?.params?.grant_type ?? oidc?.body?.grant_type;
    const clientId = await knownClient(provider, ctx);
    const error = errorOf(ctx);
    log({
      time,
      method: ctx.method,
      // A page of an authorization request is named by a random id, which stays here.
      path: ctx.path.replace(/^\/(auth|device)\/(?!auth$)[^/]+$/, '/$1/:uid'),
      // Only what is known: a client may put anything into these, a secret too.
      ...(typeof grantType === 'string' && grantTypes.has(grantType) && { grant_type: grantType }),
      ...(clientId !== undefined && { client_id: clientId }),
      status: ctx.respond === false ? 0 : ctx.status,
      ...(error !== undefined && { error }),
    });
  });
}

/** Also names the client that failed to authenticate, if there is one of that name. */
async function knownClient(provider: Provider, ctx: Context): Promise<string | undefined> {
  const oidc = protocolOf(ctx);
  if (oidc?.client) return oidc.client.clientId;
  const claimed = oidc?.params?.client_id ?? oidc?.body?.client_id ?? ctx.query.client_id ?? basicUser(ctx);
  if (typeof claimed !== 'string') return undefined;
  return (await provider.Client.find(claimed))?.clientId;
}

function basicUser(ctx: Context): string | undefined {
  const [scheme, credentials = ''] = ctx.get('authorization').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const [user = ''] = Buffer.from(credentials, 'base64').toString().split(':');
  return user === '' ? undefined : user;
}

function errorOf(ctx: Context): string | undefined {
  const { error } = (ctx.body ?? {}) as { error?: unknown };
  const location = ctx.response.get('location');
  const redirected = location === '' ? undefined : URL.parse(location, 'http://localhost');
  const found =
    error ??
    ctx.state.error ??
    redirected?.searchParams.get('error') ??
    new URLSearchParams(redirected?.hash.slice(1)).get('error');
  return typeof found === 'string' && /^[a-z_]{1,60}$/.test(found) ? found : undefined;
}
