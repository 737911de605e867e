import type { RefreshRequest } from '../../client/grants/refresh.ts';
import type { TokenResponse } from '../../client/wire/token-response.ts';
import type { AuthEvent } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';

/** The operations of a client that the refresh coordinator needs. */
export interface RefreshClient {
  readonly issuer: string;
  readonly clientId: string;
  /** The resource of the access token that the login requests. */
  readonly resource?: string | undefined;
  readonly now: Clock;
  /** Milliseconds for one exchange with the provider. */
  readonly timeout: number;
  refresh(refreshToken: string, request: RefreshRequest): Promise<TokenResponse>;
  /** Revokes a refresh token that arrived after its session had ended. It never throws. */
  revoke(refreshToken: string): Promise<void>;
  /** The thumbprint of the DPoP key to which tokens are bound, if any. */
  getThumbprint(): Promise<string | undefined>;
  emitEvent(event: AuthEvent): void;
}
