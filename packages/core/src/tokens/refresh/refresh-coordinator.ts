import type { Client } from '../../client/client.ts';
import { getClientContext } from '../../client/client-context.ts';
import { refreshTokens } from '../../client/grants/refresh.ts';
import { revokeEndedLogin } from '../../client/logout/incomplete-logout.ts';
import { emitEvent } from '../../client/observability.ts';
import { getDpopThumbprint } from '../../client/wire/dpop.ts';
import { ConfigurationError } from '../../errors.ts';
import type { AccessTokenSource, GetAccessTokenResult } from '../access-token-source.ts';
import type { SuccessorStore } from '../stores/successor-store.ts';
import type { TokenSet } from '../token-set.ts';
import { type CoordinationOptions, coordinateRefreshes } from './coordinate-refreshes.ts';
import { createLocalRefreshState, type LocalRefreshState } from './local-refresh-state.ts';
import type { RefreshClient } from './refresh-client.ts';
import { createTokenSuccessors } from './token-successors.ts';

export type {
  AccessTokenSource,
  GetAccessTokenRequest,
  GetAccessTokenResult,
} from '../access-token-source.ts';
export type { TokenHolder } from '../token-holder.ts';

/** Options of {@link createRefreshCoordinator}. All processes of an application share `lock` and `successors`. */
export interface RefreshCoordinatorOptions extends CoordinationOptions {
  /** Where successors of refresh tokens are stored. Default: in the memory of this process. */
  readonly successors?: SuccessorStore | undefined;
  /**
   * Seconds for which a request with a previous refresh token receives the next tokens. Default: 30.
   */
  readonly successorLifetime?: number | undefined;
}

/** Returns access tokens, and stores the successors of refresh tokens for late requests. */
export interface RefreshCoordinator extends AccessTokenSource {
  /**
   * Finds the newest known successor of tokens. Call it before previous tokens are stored again with other changes of a
   * session, because their refresh token may be spent.
   *
   * @returns the tokens themselves if no successor is known
   */
  findNewestTokens(tokens: TokenSet): Promise<Pick<GetAccessTokenResult, 'tokens' | 'sealedSession'>>;
  /**
   * Stores the successor of tokens for ten minutes, because the holder of the previous tokens could not receive it: for
   * example, the response was sent before the refresh ended.
   */
  saveUnwrittenTokens(
    previous: TokenSet,
    successor: Pick<GetAccessTokenResult, 'tokens' | 'sealedSession'>,
  ): Promise<void>;
}

/**
 * Creates the refresh coordinator of a client. A valid access token is returned without a request. A refresh token is
 * sent once, however many requests and processes need it. Only a response that reports an invalid refresh token, or an ID
 * token of another user, ends the session.
 *
 * @throws ConfigurationError `invalid_option`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { type Client, createRefreshCoordinator, type TokenSet } from '@countersign/core';
 *
 * async function callApi(client: Client, sessions: Map<string, TokenSet>, id: string): Promise<Response> {
 *   const coordinator = createRefreshCoordinator(client);
 *   const { accessToken } = await coordinator.getAccessToken({
 *     read: async () => sessions.get(id),
 *     write: async (next) => (sessions.has(id) ? (sessions.set(id, next), {}) : false),
 *     end: async () => void sessions.delete(id),
 *   });
 *   const authorization = `Bearer ${accessToken.accessToken}`;
 *   return fetch('https://api.example.com/items', { headers: { authorization } });
 * }
 * ```
 */
export function createRefreshCoordinator(
  client: Client,
  options: RefreshCoordinatorOptions = {},
): RefreshCoordinator {
  return createCoordinatorWithState(client, options, createLocalRefreshState());
}

/** Creates a refresh coordinator that shares its state in this process with others. */
export function createCoordinatorWithState(
  client: Client,
  options: RefreshCoordinatorOptions,
  local: LocalRefreshState,
): RefreshCoordinator {
  const { successors: store, successorLifetime = 30 } = options;
  if (!(successorLifetime >= 0)) {
    throw new ConfigurationError(
      'invalid_option',
      `"successorLifetime" is ${successorLifetime}, expected 0 or more seconds.`,
    );
  }
  const refreshClient = createRefreshClient(client);
  const successors = createTokenSuccessors(client, {
    ...(store && { store }),
    localStore: local.successors,
    lifetime: successorLifetime * 1000,
    now: refreshClient.now,
    emitEvent: refreshClient.emitEvent,
  });
  return {
    ...coordinateRefreshes(refreshClient, successors, options, local),
    findNewestTokens: (tokens) => successors.findNewestTokens(tokens),
    async saveUnwrittenTokens({ refreshToken }, { tokens, sealedSession }) {
      if (refreshToken === undefined) return;
      const successor = { tokens, ...(sealedSession !== undefined && { sealedSession }) };
      await successors.save(refreshToken, successor, { isUnwritten: true });
    },
  };
}

function createRefreshClient(client: Client): RefreshClient {
  const { now, http, resources } = getClientContext(client);
  return {
    issuer: client.issuer,
    clientId: client.clientId,
    resource: resources[0],
    now,
    timeout: http.timeout,
    refresh: (refreshToken, request) => refreshTokens(client, refreshToken, request),
    revoke: (refreshToken) => revokeEndedLogin(client, refreshToken),
    getThumbprint: () => getDpopThumbprint(client),
    emitEvent: (event) => emitEvent(client, event),
  };
}
