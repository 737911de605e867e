import type { Type } from '@nestjs/common';

/** How clients call a handler. */
export type HandlerTransport = 'http' | 'graphql' | 'websocket' | 'microservice';

/** A method that Nest calls for a request, an operation or a message. */
export interface Handler {
  readonly transport: HandlerTransport;
  readonly owner: Type;
  readonly methodName: string;
  /** The function that Nest passes to guards. */
  readonly method: object;
  /** The addresses of the handler: `GET /items/:id`, `Query.items`, a message or a pattern. */
  readonly entries: readonly string[];
  /** The position of a GraphQL handler in the schema. */
  readonly graphql?: GraphqlPosition;
}

/** The position of a GraphQL handler in the schema. */
export interface GraphqlPosition {
  readonly type: string;
  readonly field: string;
  /** Nest always applies guards to `root`, and to the others only with `fieldResolverEnhancers: ['guards']`. */
  readonly kind: 'root' | 'field' | 'reference';
}

/** Formats the name of a handler for messages and reports: `ItemsController.list`. */
export const formatHandlerName = ({ owner, methodName }: Pick<Handler, 'owner' | 'methodName'>): string =>
  `${owner.name}.${methodName}`;
