import { contextOf, tell } from '../client/context.ts';
import type { Client } from '../client/create-client.ts';
import { dpopThumbprint } from '../client/dpop.ts';
import { refreshTokens } from '../client/refresh.ts';
import { ConfigurationError } from '../errors.ts';
import {
  type CoordinationOptions,
  coordinateRefreshes,
  type RefreshCoordinator,
} from './coordinate-refreshes.ts';
import { createSuccessions } from './successions.ts';
import type { SuccessorStore } from './successor.ts';

export type {
  GetAccessTokenRequest,
  GetAccessTokenResult,
  RefreshCoordinator,
} from './coordinate-refreshes.ts';
export type { TokenHolder } from './token-holder.ts';

/** What the processes of an application share, so that one refresh token is spent once. */
export interface RefreshCoordinatorOptions extends CoordinationOptions {
  /** Default: within this process. */
  readonly successors?: SuccessorStore;
  /** Seconds for which a late holder of the old refresh token is given the new tokens. Default: 30. */
  readonly successorLife?: number;
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
  const { now, http } = contextOf(client);
  const { issuer, clientId } = client;
  const successorLife = options.successorLife ?? 30;
  if (!(successorLife >= 0)) {
    throw new ConfigurationError('invalid_option', 'successorLife must not be negative.');
  }
  return coordinateRefreshes(
    {
      issuer,
      clientId,
      now,
      timeout: http.timeout,
      refresh: (refreshToken, request) => refreshTokens(client, refreshToken, request),
      thumbprint: () => dpopThumbprint(client),
      tell: (event) => tell(client, event),
    },
    options,
    createSuccessions(client, {
      ...(options.successors && { successors: options.successors }),
      life: successorLife * 1000,
      now,
      tell: (event) => tell(client, event),
    }),
  );
}
