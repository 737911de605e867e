import type { ResourceRequest } from '@countersign/core/resource-server';
import { createResponseStream, type StreamResponse } from './event-stream.ts';
import { type HttpRequest, toResourceRequest } from './node-request.ts';
import type { LongLivedStream, Transport } from './transport.ts';

/** A response of Express or Fastify. */
export interface HttpResponse {
  readonly setHeader?: (name: string, value: string | readonly string[]) => void;
  /** Fastify's method. */
  readonly header?: (name: string, value: string | readonly string[]) => void;
  /** Node's response, on a response of Fastify. */
  readonly raw?: object;
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
