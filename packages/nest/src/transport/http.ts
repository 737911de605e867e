import type { ResourceRequest } from '@countersign/core/api';
import type { Transport } from './transport.ts';

/** The part of Node's request that is used. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly rawHeaders?: string[] | undefined;
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
}

export function httpTransport(
  request: HttpRequest,
  response: HttpResponse | undefined,
  kind: 'http' | 'graphql' = 'http',
): Transport {
  return {
    kind,
    carrier: request,
    request: () => resourceRequestOf(request),
    setHeader: (name, value) => {
      if (request.raw && response?.header) response.header(name, value);
      else response?.setHeader?.(name, value);
    },
  };
}

/** A request of Express, Fastify or Node in the words of the core. */
export function resourceRequestOf(request: HttpRequest): ResourceRequest {
  const node = request.raw ?? request;
  return {
    method: node.method,
    url: request.originalUrl ?? node.url,
    headers: node.headers,
    rawHeaders: node.rawHeaders,
    body: request.body,
    clientCertificate: clientCertificateOf(node),
  };
}

/** The certificate of the connection, in DER; an empty object stands for none. */
export function clientCertificateOf(request: NodeRequest | undefined): Uint8Array | undefined {
  const socket = request?.socket as { getPeerCertificate?: () => { raw?: Uint8Array } | null } | undefined;
  return socket?.getPeerCertificate?.()?.raw;
}
