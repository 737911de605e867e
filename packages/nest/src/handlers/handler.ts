import type { Type } from '@nestjs/common';

/** How callers reach a handler. */
export type HandlerTransport = 'http' | 'graphql' | 'websocket' | 'microservice';

/** A method that Nest calls for a request, an operation or a message. */
export interface Handler {
  readonly transport: HandlerTransport;
  readonly owner: Type;
  readonly methodName: string;
  /** The function that Nest shows to guards. */
  readonly method: object;
  /** What callers address: `GET /items/:id`, `Query.items`, a message or a pattern; one for each way to it. */
  readonly entries: readonly string[];
  /** Where a GraphQL handler belongs. */
  readonly graphql?: GraphqlPosition;
}

export interface GraphqlPosition {
  readonly type: string;
  readonly field: string;
  /** Nest applies guards to `root` always, to the others only with `fieldResolverEnhancers: ['guards']`. */
  readonly kind: 'root' | 'field' | 'reference';
}

/** The name that messages and reports use: `ItemsController.list`. */
export const handlerName = ({ owner, methodName }: Pick<Handler, 'owner' | 'methodName'>): string =>
  `${owner.name}.${methodName}`;
