import type { Client } from '../client/client.ts';
import { getClientContext } from '../client/client-context.ts';
import { refreshTokens } from '../client/grants/refresh.ts';
import { emitEvent } from '../client/observability.ts';
import { getDpopThumbprint } from '../client/wire/dpop.ts';
import { ConfigurationError } from '../errors.ts';
import {
  type AccessTokenSource,
  type CoordinationOptions,
  coordinateRefreshes,
  type GetAccessTokenResult,
} from './coordinate-refreshes.ts';
import { createSuccessions } from './successions.ts';
import type { SuccessorStore } from './successor.ts';
import type { TokenSet } from './token-set.ts';

export type {
  AccessTokenSource,
  GetAccessTokenRequest,
  GetAccessTokenResult,
} from './coordinate-refreshes.ts';
export type { TokenHolder } from './token-holder.ts';

/** What the processes of an application share, so that one refresh token is spent once. */
export interface RefreshCoordinatorOptions extends CoordinationOptions {
  /** Default: within this process. */
  readonly successors?: SuccessorStore;
  /** Seconds for which a late holder of the old refresh token is given the new tokens. Default: 30. */
  readonly successorLife?: number;
}

/** Gives out access tokens, and knows for a while what came of refresh tokens that were spent. */
export interface RefreshCoordinator extends AccessTokenSource {
  /**
   * The newest tokens that are known to have come of these; they themselves where nobody is known to have refreshed them.
   * Ask before old tokens are kept anew, as with other changes of a session: their refresh token may be spent.
   */
  newest(tokens: TokenSet): Promise<Pick<GetAccessTokenResult, 'tokens' | 'carry'>>;
  /**
   * Keeps the successor of these tokens for longer than usual, because the holder of the old ones could not be told:
   * the response was sent before the refresh ended.
   */
  keepUntold(tokens: TokenSet, successor: Pick<GetAccessTokenResult, 'tokens' | 'carry'>): Promise<void>;
}

/**
 * The refresh contract: a valid token is returned without any call; one refresh token is spent once, whoever waits;
 * a lost session is a session that the provider ended, and no other.
 *
 * @throws ConfigurationError when an option is wrong
 * @see RFC 6749 section 6, RFC 9700 section 4.14
 */
export function createRefreshCoordinator(
  client: Client,
  options: RefreshCoordinatorOptions = {},
): RefreshCoordinator {
  const { now, http } = getClientContext(client);
  const { issuer, clientId } = client;
  const successorLife = options.successorLife ?? 30;
  if (!(successorLife >= 0)) {
    throw new ConfigurationError('invalid_option', 'successorLife must not be negative.');
  }
  const successions = createSuccessions(client, {
    ...(options.successors && { successors: options.successors }),
    life: successorLife * 1000,
    now,
    tell: (event) => emitEvent(client, event),
  });
  const source = coordinateRefreshes(
    {
      issuer,
      clientId,
      now,
      timeout: http.timeout,
      refresh: (refreshToken, request) => refreshTokens(client, refreshToken, request),
      thumbprint: () => getDpopThumbprint(client),
      tell: (event) => emitEvent(client, event),
    },
    options,
    successions,
  );
  return {
    ...source,
    newest: (tokens) => successions.newest(tokens),
    async keepUntold({ refreshToken }, { tokens, carry }) {
      if (refreshToken === undefined) return;
      const successor = { tokens, ...(carry !== undefined && { carry }) };
      await successions.keep(refreshToken, successor, { unwritten: true });
    },
  };
}
