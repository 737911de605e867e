import * as oauth from 'oauth4webapi';
import { getClientContext, toProtocolClient } from '../client-context.ts';
import type { Client } from '../create-client.ts';

/**
 * A key pair for DPoP proofs, ES256, not extractable: a thief of storage gets tokens that are of no use elsewhere.
 * In a browser it can be kept in IndexedDB as it is.
 *
 * @see RFC 9449 section 2
 */
export function generateDpopKeyPair(): Promise<CryptoKeyPair> {
  return oauth.generateKeyPair('ES256', { extractable: false }) as Promise<CryptoKeyPair>;
}

/** The client's proof maker, if it has a key pair. It keeps the last nonce of each server and nothing of any user. */
export function getDpopHandle(client: Client): oauth.DPoPHandle | undefined {
  const { options, state } = getClientContext(client);
  if (!options.dpop) return undefined;
  state.dpop ??= oauth.DPoP(toProtocolClient(client), options.dpop.keyPair);
  return state.dpop;
}

/** The thumbprint to which the client's tokens are bound, if it has a key pair. @see RFC 9449 section 6.1 */
export async function getDpopThumbprint(client: Client): Promise<string | undefined> {
  return getDpopHandle(client)?.calculateThumbprint();
}

/**
 * Sends and processes a request; when the server asks for a nonce, once more with it.
 *
 * @see RFC 9449 sections 8 and 9
 */
export async function retryWithDpopNonce<T>(
  client: Client,
  run: (dpop: { DPoP?: oauth.DPoPHandle }) => Promise<T>,
): Promise<T> {
  const handle = getDpopHandle(client);
  const dpop = handle ? { DPoP: handle } : {};
  try {
    return await run(dpop);
  } catch (error) {
    if (handle && oauth.isDPoPNonceError(error)) return run(dpop);
    throw error;
  }
}
