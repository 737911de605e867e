import { appendFileSync } from 'node:fs';
import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider';

/** One protocol request; never a token, code or secret. */
export interface LoggedRequest {
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly grant_type?: string;
  readonly client_id?: string;
  readonly status: number;
  readonly error?: string;
}

export type RequestLog = (request: LoggedRequest) => void;

/** Appends one JSON line per request to a file. */
export function fileRequestLog(file: string): RequestLog {
  return (request) => appendFileSync(file, `${JSON.stringify(request)}\n`);
}

const interactive = /^\/(interaction|health)/;

/** Tells a log about every protocol request. */
export function logRequests(provider: Provider, log: RequestLog): void {
  provider.use(async (ctx, next) => {
    await next();
    if (interactive.test(ctx.path)) return;
    const { oidc } = ctx as Partial<KoaContextWithOIDC>;
    const grantType =
      oidc?.params?.grant_type ?? (oidc?.body as Record<string, unknown> | undefined)?.grant_type;
    const error = (ctx.body as { error?: unknown } | undefined)?.error;
    log({
      time: new Date().toISOString(),
      method: ctx.method,
      path: ctx.path,
      ...(typeof grantType === 'string' && { grant_type: grantType }),
      ...(oidc?.client && { client_id: oidc.client.clientId }),
      status: ctx.status,
      ...(typeof error === 'string' && { error }),
    });
  });
}
