import type { ResourceRequest } from '@countersign/core/resource-server';
import { type EventStreamResponse, eventStreamAnswer } from './event-stream.ts';
import type { LongAnswer, Transport } from './transport.ts';

/** The part of Node's request that is used. */
export interface NodeRequest {
  /** Compared with the `htm` of a DPoP proof. */
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  /** By lower-case names. */
  readonly headers: Record<string, string | string[] | undefined>;
  /** Names and values in turn, as they were sent: only here it shows that a header was sent twice. */
  readonly rawHeaders?: string[] | undefined;
  /** The connection; one of TLS knows the client's certificate. */
  readonly socket?: object | undefined;
}

export interface HttpRequest extends NodeRequest {
  readonly originalUrl?: string;
  readonly body?: unknown;
  /** Fastify keeps Node's own request here. */
  readonly raw?: NodeRequest;
  /** Express keeps the response here. */
  readonly res?: HttpResponse;
}

export interface HttpResponse {
  readonly setHeader?: (name: string, value: string | readonly string[]) => void;
  /** Fastify's own way. */
  readonly header?: (name: string, value: string | readonly string[]) => void;
  /** Fastify keeps Node's own response here. */
  readonly raw?: object;
}

/** A class, as one is made for each request. */
export class HttpTransport implements Transport {
  readonly kind: 'http' | 'graphql';
  readonly carrier: HttpRequest;
  readonly #response: HttpResponse | undefined;

  constructor(
    request: HttpRequest,
    response: HttpResponse | undefined,
    kind: HttpTransport['kind'] = 'http',
  ) {
    this.kind = kind;
    this.carrier = request;
    this.#response = response;
  }

  /** A request has one handler at a time. */
  get invocation(): object {
    return this.carrier;
  }

  request(): ResourceRequest {
    return resourceRequestOf(this.carrier);
  }

  /** Made when asked for: few answers are long. */
  get answer(): LongAnswer | undefined {
    const response = this.#response;
    return eventStreamAnswer((response?.raw ?? response) as EventStreamResponse | undefined, this.carrier);
  }

  get setHeader(): Transport['setHeader'] {
    const { raw } = this.carrier;
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

/** A request of Express, Fastify or Node in the words of the core. */
export const resourceRequestOf = (request: HttpRequest): ResourceRequest => new IncomingRequest(request);

/** A class, so that its getter stands on the prototype: one is made for each request. */
class IncomingRequest implements ResourceRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: NodeRequest['headers'];
  readonly rawHeaders: string[] | undefined;
  readonly body: unknown;
  readonly #node: NodeRequest;

  constructor(request: HttpRequest) {
    const node = request.raw ?? request;
    this.method = node.method;
    this.url = request.originalUrl ?? node.url;
    this.headers = node.headers;
    this.rawHeaders = node.rawHeaders;
    this.body = request.body;
    this.#node = node;
  }

  /** Parsed by the connection each time it is asked, so only for tokens that are bound to one. */
  get clientCertificate(): Uint8Array | undefined {
    return clientCertificateOf(this.#node);
  }
}

/** The certificate of the connection, in DER; an empty object stands for none. */
function clientCertificateOf(request: NodeRequest | undefined): Uint8Array | undefined {
  const socket = request?.socket as { getPeerCertificate?: () => { raw?: Uint8Array } | null } | undefined;
  return socket?.getPeerCertificate?.()?.raw;
}

/**
 * The handshake of a connection. Browsers cannot set headers on it, so clients send the value of `authorization` as
 * a parameter.
 */
export function handshakeRequestOf(
  handshake: NodeRequest | undefined,
  authorization: string | undefined,
): ResourceRequest {
  const headers = { ...handshake?.headers };
  if (authorization !== undefined) {
    const sent = headers.authorization;
    // Two credentials that differ are refused (RFC 6750 section 2): what stands before this API may have read the other.
    headers.authorization =
      sent === undefined || sent === authorization ? authorization : [sent, authorization].flat();
  }
  return {
    method: 'GET',
    url: handshake?.url,
    headers,
    rawHeaders: handshake?.rawHeaders,
    get clientCertificate() {
      return clientCertificateOf(handshake);
    },
  };
}
