import type { ArgumentsHost } from '@nestjs/common';
import {
  clientCertificateOf,
  type HttpRequest,
  type HttpResponse,
  httpTransport,
  type NodeRequest,
} from './http.ts';
import { headersOf, type Transport } from './transport.ts';

/** The context of a subscription over the protocol `graphql-transport-ws`. */
interface SubscriptionContext {
  readonly connectionParams?: unknown;
  readonly extra: {
    readonly socket?: { close(code: number, reason: string): void };
    readonly request?: NodeRequest;
  };
}

interface GraphqlContext {
  readonly req?: HttpRequest | SubscriptionContext;
  readonly res?: HttpResponse;
  /** Mercurius keeps Fastify's response here, and the request in it. */
  readonly reply?: HttpResponse & { readonly request?: HttpRequest };
  readonly request?: HttpRequest;
}

/** A query, mutation or subscription. Resolvers have (root, args, context, info), references (root, context, info). */
export function graphqlTransport(host: ArgumentsHost): Transport | undefined {
  const args = host.getArgs<unknown[]>();
  const context = (args.length === 3 ? args[1] : args[2]) as GraphqlContext | null | undefined;
  const request = context?.req ?? context?.request ?? context?.reply?.request;
  if (typeof request !== 'object' || request === null) return undefined;
  if (isSubscription(request)) return subscriptionTransport(request);
  if (typeof request.headers !== 'object') return undefined;
  return httpTransport(request, context?.res ?? context?.reply ?? request.res, 'graphql');
}

const isSubscription = (request: HttpRequest | SubscriptionContext): request is SubscriptionContext =>
  'extra' in request && typeof request.extra === 'object' && request.extra !== null;

/** Browsers cannot set headers on a handshake, so clients send the token in the parameters of `connection_init`. */
function subscriptionTransport(context: SubscriptionContext): Transport {
  const { request, socket } = context.extra;
  const { authorization } = headersOf(context.connectionParams);
  return {
    kind: 'graphql',
    carrier: context,
    request: () => ({
      method: 'GET',
      url: request?.url,
      headers: { ...request?.headers, ...(authorization !== undefined && { authorization }) },
      rawHeaders: request?.rawHeaders,
      clientCertificate: clientCertificateOf(request),
    }),
    close: (code, reason) => socket?.close(code, reason),
  };
}
