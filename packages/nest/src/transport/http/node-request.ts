import type { ResourceRequest } from '@countersign/core/resource-server';

/** The part of Node's request that this package uses. */
export interface NodeRequest {
  /** Compared with the `htm` of a DPoP proof. */
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  /** Header values by lower-case name. */
  readonly headers: Record<string, string | string[] | undefined>;
  /** Alternating names and values as received. Only this list shows that a header was sent twice. */
  readonly rawHeaders?: string[] | undefined;
  /** Whether the request opened a WebSocket. Node sets it for each request of a server. */
  readonly upgrade?: boolean | undefined;
  /** The connection. A TLS connection provides the client's certificate. */
  readonly socket?: object | undefined;
}

/** A request of Express or Fastify. */
export interface HttpRequest extends NodeRequest {
  readonly originalUrl?: string;
  readonly body?: unknown;
  /** Node's request, on a request of Fastify. */
  readonly raw?: NodeRequest;
}

/** Converts a request of Express, Fastify or Node to the request of core. */
export const toResourceRequest = (request: HttpRequest): ResourceRequest => new IncomingRequest(request);

/** A class, so that the getter is on the prototype: each HTTP request creates an instance. */
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

  /** A getter, because the connection parses the certificate at each access. Only bound tokens need it. */
  get clientCertificate(): Uint8Array | undefined {
    return readClientCertificate(this.#node);
  }
}

/** Reads the DER certificate of the connection. Node returns an empty object if the client sent none. */
function readClientCertificate(request: NodeRequest | undefined): Uint8Array | undefined {
  const socket = request?.socket as { getPeerCertificate?: () => { raw?: Uint8Array } | null } | undefined;
  return socket?.getPeerCertificate?.()?.raw;
}

/**
 * Converts the handshake of a connection. Browsers cannot set its headers, so clients send the value of `authorization`
 * as a parameter.
 */
export function toHandshakeRequest(
  handshake: NodeRequest | undefined,
  authorization: string | string[] | undefined,
): ResourceRequest {
  const headers = { ...handshake?.headers };
  if (authorization !== undefined) {
    const header = headers.authorization;
    // RFC 6750 section 2: two different credentials are rejected, because a proxy may have checked the other one.
    headers.authorization =
      header === undefined || header === authorization ? authorization : [header, authorization].flat();
  }
  return {
    method: 'GET',
    url: handshake?.url,
    headers,
    rawHeaders: handshake?.rawHeaders,
    get clientCertificate() {
      return readClientCertificate(handshake);
    },
  };
}
