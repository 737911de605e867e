import type { TestClient } from '../options.ts';
import type { Binding, ServerState } from '../state.ts';

/** An authenticated token request. */
export interface TokenRequest {
  readonly client: TestClient;
  readonly body: URLSearchParams;
  readonly binding: Binding | undefined;
}

/** Returns the token response of one grant. */
export type GrantHandler = (state: ServerState, request: TokenRequest) => Promise<Record<string, unknown>>;
