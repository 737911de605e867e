import type { ResourceRequest } from '@countersign/core/resource-server';
import type { LongLivedStream, Transport } from '../transport.ts';
import { createResponseStream, type StreamResponse } from './event-stream.ts';
import { type HttpRequest, toResourceRequest } from './node-request.ts';

/** A response of Express or Fastify. */
export interface HttpResponse {
  readonly setHeader?: (name: string, value: string) => void;
  readonly getHeader?: (name: string) => unknown;
  /** On Express and on Node's response. */
  readonly headersSent?: boolean;
  /** Fastify's method. */
  readonly header?: (name: string, value: string) => void;
  /** Node's response, on a response of Fastify. */
  readonly raw?: StreamResponse & Pick<HttpResponse, 'headersSent'>;
}

/** The transport of a request over HTTP. A class, because each request creates an instance. */
export class HttpTransport implements Transport {
  readonly kind: 'http' | 'graphql';
  readonly requestKey: HttpRequest;
  readonly #response: HttpResponse | undefined;

  constructor(
    request: HttpRequest,
    response: HttpResponse | undefined,
    kind: HttpTransport['kind'] = 'http',
  ) {
    this.kind = kind;
    this.requestKey = request;
    this.#response = response;
  }

  /** A request calls one handler. */
  get invocationKey(): object {
    return this.requestKey;
  }

  request(): ResourceRequest {
    return toResourceRequest(this.requestKey);
  }

  /** A getter, because only the guards of streaming handlers need it. */
  get responseStream(): LongLivedStream | undefined {
    const response = this.#response;
    return createResponseStream((response?.raw ?? response) as StreamResponse | undefined, this.requestKey);
  }

  /**
   * A header of the application stays: one that a middleware has set before, or the handler sets later. Shared caches should
   * not store responses to requests with `Authorization`, but nginx does. `private` lets browsers compare an `ETag`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9111#section-3.5
   */
  setPrivateCaching(): void {
    const response = this.#response;
    const { setHeader } = this;
    if (!response?.getHeader || !setHeader || (response.raw ?? response).headersSent) return;
    if (response.getHeader('cache-control') === undefined) setHeader('Cache-Control', 'private');
    const vary = response.getHeader('vary');
    if (vary === undefined) setHeader('Vary', 'Authorization');
    else if (!/(?:^|,)\s*(?:\*|authorization)\s*(?:,|$)/i.test(String(vary)))
      setHeader('Vary', `${vary}, Authorization`);
  }

  get setHeader(): Transport['setHeader'] {
    const { raw } = this.requestKey;
    const response = this.#response;
    return (
      response &&
      ((name, value) => {
        if (raw && response.header) response.header(name, value);
        else response.setHeader?.(name, value);
      })
    );
  }
}
