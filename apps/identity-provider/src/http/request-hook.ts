import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type Provider from 'oidc-provider';

/** A request before the provider handles it. */
export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  /** The query parameters, or the form parameters of a POST. */
  readonly parameters: URLSearchParams;
}

/** A response that replaces the provider's response. `disconnect` closes the connection without a response. */
export type HookResponse =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object is sent as JSON. */
      readonly body?: string | object;
    }
  | 'disconnect';

/**
 * Lets a test delay or reject a request, or close its connection, before or after the provider handles it.
 *
 * `proceed` makes the provider handle the request. If the hook returns undefined without calling `proceed`, the provider
 * handles the request afterwards. A returned response replaces the provider's response.
 */
export type RequestHook = (
  request: IncomingRequest,
  proceed: () => Promise<void>,
) => Promise<HookResponse | undefined> | HookResponse | undefined;

export function applyRequestHook(provider: Provider, hook: RequestHook): void {
  provider.use(async (ctx, next) => {
    const body = ctx.is('application/x-www-form-urlencoded') ? await peekBody(ctx.req) : '';
    const parameters = new URLSearchParams(ctx.method === 'POST' ? body : ctx.querystring);
    let proceeded: Promise<void> | undefined;
    const proceed = () => {
      proceeded ??= next();
      return proceeded;
    };
    const hookResponse = await hook({ method: ctx.method, path: ctx.path, parameters }, proceed);
    if (hookResponse === 'disconnect') {
      ctx.respond = false;
      ctx.req.socket.destroy();
    } else if (hookResponse) {
      ctx.body = hookResponse.body ?? '';
      ctx.status = hookResponse.status;
      ctx.set({ ...hookResponse.headers });
    } else await proceed();
  });
}

const maxBody = 64 * 1024;

/** Reads a body of known length and returns it to the stream, so that the provider can read it. */
async function peekBody(request: IncomingMessage): Promise<string> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!(length > 0 && length <= maxBody)) return '';
  const chunks: Buffer[] = [];
  let received = 0;
  while (received < length) {
    const chunk: Buffer | null = request.read();
    if (chunk) {
      chunks.push(chunk);
      received += chunk.length;
    } else if (request.readableEnded || request.destroyed) return '';
    else await Promise.race([once(request, 'readable'), once(request, 'close')]);
  }
  const body = Buffer.concat(chunks);
  request.unshift(body);
  return body.toString();
}
