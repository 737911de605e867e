import { AccessTokenError, type VerifiedAccessToken } from '@countersign/core/resource-server';
import { closeUnauthenticated } from '../expiry/close-codes.ts';
import { isSameHolder } from '../expiry/end-with-token.ts';
import type { ConnectionState } from '../memo/guard-memo.ts';
import type { Transport } from '../transport/transport.ts';

/** Closes a connection that has the rooms of another user. */
export function confirmHolder(
  transport: Transport,
  state: ConnectionState | undefined,
  accessToken: VerifiedAccessToken | undefined,
): void {
  if (!state || transport.confirmHolder?.(accessToken) !== false) return;
  state.isEnded = true;
  const error = createTokenError('The connection continues that of another user. Connect again');
  transport.close?.(closeUnauthenticated, error.message);
  throw error;
}

export function requireOpen({ isEnded }: ConnectionState): void {
  if (isEnded) throw createEndedError();
}

/** Creates the rejection of a message of a connection that this package has closed. */
export const createEndedError = (): AccessTokenError => createTokenError('The connection has ended');

export const createTokenError = (description: string): AccessTokenError =>
  new AccessTokenError('invalid_token', description, {
    status: 401,
    challenges: ['Bearer error="invalid_token"'],
  });

/** A connection belongs to one user and one client: messages are processed with the rights of both. */
export const isSameConnectionHolder = (one: VerifiedAccessToken, other: VerifiedAccessToken): boolean =>
  isSameHolder(one, other) && one.kind === other.kind && one.clientId === other.clientId;
