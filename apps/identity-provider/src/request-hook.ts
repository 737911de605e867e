import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type Provider from 'oidc-provider';

/** A request as a test sees it, before the provider does. */
export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  /** The query, or the form of a POST. */
  readonly parameters: URLSearchParams;
}

/** An answer in the provider's place; `disconnect` closes the connection instead of answering. */
export type Interference =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object becomes JSON. */
      readonly body?: string | object;
    }
  | 'disconnect';

/**
 * Lets a test come between client and provider: wait, refuse, disconnect, before or after the provider has done its
 * work. `proceed` lets the provider work; it does so afterwards by itself where the hook neither called it nor
 * answered. What the hook returns takes the place of the provider's answer.
 */
export type RequestHook = (
  request: IncomingRequest,
  proceed: () => Promise<void>,
) => Promise<Interference | undefined> | Interference | undefined;

export function applyRequestHook(provider: Provider, hook: RequestHook): void {
  provider.use(async (ctx, next) => {
    const body = ctx.is('application/x-www-form-urlencoded') ? await peekBody(ctx.req) : '';
    const parameters = new URLSearchParams(ctx.method === 'POST' ? body : ctx.querystring);
    let proceeded: Promise<void> | undefined;
    const proceed = () => {
      proceeded ??= next();
      return proceeded;
    };
    const interference = await hook({ method: ctx.method, path: ctx.path, parameters }, proceed);
    if (interference === 'disconnect') {
      ctx.respond = false;
      ctx.req.socket.destroy();
    } else if (interference) {
      ctx.body = interference.body ?? '';
      ctx.status = interference.status;
      ctx.set({ ...interference.headers });
    } else await proceed();
  });
}

const maxBody = 64 * 1024;

/** Reads a body of known length and puts it back for the provider. */
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
