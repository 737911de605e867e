import type { AuthenticatedRequest } from '@countersign/core/api';
import type { ArgumentsHost } from '@nestjs/common';
import { transportOf } from './transport.ts';

// Beside the request, not on it: nothing that prints or copies a request shows a token.
const authenticated = new WeakMap<object, AuthenticatedRequest>();

export function keepAuthenticated(carrier: object, value: AuthenticatedRequest): void {
  authenticated.set(carrier, value);
}

/** What the guard verified for this request; `undefined` for an anonymous one. */
export function authenticatedRequestOf(host: ArgumentsHost): AuthenticatedRequest | undefined {
  const transport = transportOf(host);
  return transport && authenticated.get(transport.carrier);
}
