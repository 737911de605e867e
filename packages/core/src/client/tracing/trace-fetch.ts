import { AuthError } from '../../errors.ts';
import type { Fetch } from '../../internal/http.ts';

/** The part of a span of OpenTelemetry that is used here. */
export interface TraceSpan {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

/** The part of a tracer that is used here: `trace.getTracer('my-app')` of `@opentelemetry/api` fits. */
export interface FetchTracer {
  startActiveSpan<T>(
    name: string,
    options: { kind: number; attributes: Record<string, string | number> },
    run: (span: TraceSpan) => T,
  ): T;
}

const clientKind = 2;
const errorStatus = 2;

/**
 * A `fetch` whose requests to the provider are spans of OpenTelemetry: `createClient({ fetch: traceFetch(tracer) })`.
 * A span names method, host, path and status. Queries, headers and bodies are left out: they carry codes and tokens.
 */
export function traceFetch(tracer: FetchTracer, send: Fetch = (url, init) => fetch(url, init)): Fetch {
  return (input, init) => {
    const url = new URL(input);
    const method = init.method ?? 'GET';
    const attributes = {
      'http.request.method': method,
      'server.address': url.hostname,
      'url.scheme': url.protocol.slice(0, -1),
      'url.path': url.pathname,
    };
    return tracer.startActiveSpan(
      `${method} ${url.pathname}`,
      { kind: clientKind, attributes },
      async (span) => {
        try {
          const response = await send(input, init);
          span.setAttribute('http.response.status_code', response.status);
          if (response.status >= 400) span.setStatus({ code: errorStatus });
          return response;
        } catch (error) {
          endWithError(span, error);
          throw error;
        } finally {
          span.end();
        }
      },
    );
  };
}

/** The code or name alone: a message may quote what was sent. */
export function endWithError(span: TraceSpan, error: unknown): void {
  const type = error instanceof AuthError ? error.code : error instanceof Error ? error.name : 'unknown';
  span.setAttribute('error.type', type);
  span.setStatus({ code: errorStatus });
}
