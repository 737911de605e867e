import type { RefreshRequest } from '../client/grants/refresh.ts';
import type { TokenResponse } from '../client/wire/token-response.ts';
import type { AuthEvent } from '../events.ts';
import type { Clock } from '../internal/clock.ts';

/** Whoever spends refresh tokens at the token endpoint; the browser's client is another than the server's. */
export interface RefreshingClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly now: Clock;
  /** Milliseconds for one exchange with the provider. */
  readonly timeout: number;
  refresh(refreshToken: string, request: RefreshRequest): Promise<TokenResponse>;
  /** The key to which tokens are bound, if any. */
  thumbprint(): Promise<string | undefined>;
  tell(event: AuthEvent): void;
}
