import type { ResourceRequest } from '@countersign/core/api';
import type { ArgumentsHost } from '@nestjs/common';

/** Where a context's credential comes from and where its answer's headers go. */
export interface Transport {
  /** The object that stands for the request: what was verified is kept beside it. */
  readonly carrier: object;
  readonly request: () => ResourceRequest;
  readonly setHeader?: (name: string, value: string | readonly string[]) => void;
}

interface NodeRequest {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly rawHeaders?: string[];
}

interface HttpRequest extends NodeRequest {
  readonly originalUrl?: string;
  readonly body?: unknown;
  /** Fastify keeps Node's own request here. */
  readonly raw?: NodeRequest;
}

interface HttpResponse {
  readonly setHeader?: (name: string, value: string | readonly string[]) => void;
  /** Fastify's own way. */
  readonly header?: (name: string, value: string | readonly string[]) => void;
}

/** Finds the transport of a context; `undefined` for one that is not known, which is then denied. */
export function transportOf(host: ArgumentsHost): Transport | undefined {
  if (host.getType<string>() === 'http') {
    return httpTransport(host.getArgByIndex(0), host.getArgByIndex(1));
  }
  return undefined;
}

function httpTransport(request: HttpRequest, response: HttpResponse): Transport {
  return {
    carrier: request,
    request: () => {
      const node = request.raw ?? request;
      return {
        method: node.method,
        url: request.originalUrl ?? node.url,
        headers: node.headers,
        rawHeaders: node.rawHeaders,
        body: request.body,
      };
    },
    setHeader: (name, value) => {
      if (request.raw && response.header) response.header(name, value);
      else response.setHeader?.(name, value);
    },
  };
}
