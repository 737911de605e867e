import { TransportError } from '@countersign/core/resource-server';
import { AccessTokenException } from './access-token.exception.ts';

/**
 * Matches the 503 of the injected verifier and of `EntityAccess`. A `TransportError` of another client of the application
 * is not about this API's tokens.
 */
export abstract class Outage extends AccessTokenException {
  static override [Symbol.hasInstance](value: unknown): value is AccessTokenException & TransportError {
    return value instanceof AccessTokenException && value instanceof TransportError;
  }
}
