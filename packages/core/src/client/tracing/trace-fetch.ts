import { AuthError } from '../../errors.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';

/** The required methods of an OpenTelemetry span. */
export interface TraceSpan {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

/** The required method of an OpenTelemetry tracer, such as `trace.getTracer('my-app')` of `@opentelemetry/api`. */
export interface FetchTracer {
  startActiveSpan<T>(
    name: string,
    options: { kind: number; attributes: Record<string, string | number> },
    run: (span: TraceSpan) => T,
  ): T;
}

/** `SpanKind.CLIENT` of OpenTelemetry. */
const clientKind = 2;
/** `SpanStatusCode.ERROR` of OpenTelemetry. */
const errorStatus = 2;

/**
 * Creates a `fetch` that runs each request inside an OpenTelemetry span. A span contains method, host, path and status.
 * It contains no query, header or body, because those contain codes and tokens.
 *
 * @param tracer a tracer of `@opentelemetry/api`
 * @param send sends the requests. Default: the platform's `fetch`
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 * @example
 * ```ts
 * import { trace } from '@opentelemetry/api';
 * import { createClient, traceFetch } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   fetch: traceFetch(trace.getTracer('my-app')),
 * });
 * ```
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
          recordError(span, error);
          throw error;
        } finally {
          span.end();
        }
      },
    );
  };
}

/** Records the code or name of an error only: its message may quote the request. */
export function recordError(span: TraceSpan, error: unknown): void {
  const type = error instanceof AuthError ? error.code : error instanceof Error ? error.name : 'unknown';
  span.setAttribute('error.type', type);
  span.setStatus({ code: errorStatus });
}
