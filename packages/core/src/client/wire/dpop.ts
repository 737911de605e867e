import * as oauth from 'oauth4webapi';
import type { WebCryptoKeyPair } from '../../internal/crypto-types.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { toProtocolClient } from './request-options.ts';
import { chooseAlgorithmName } from './signing-key.ts';

/**
 * Generates a key pair for DPoP proofs: ES256, with a private key that cannot be extracted. An attacker who steals the
 * tokens cannot use them elsewhere. Browsers can store the key pair in IndexedDB.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-2
 * @example
 * ```ts
 * import { createClient, generateDpopKeyPair } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'worker',
 *   dpop: { keyPair: await generateDpopKeyPair() },
 * });
 * ```
 */
export function generateDpopKeyPair(): Promise<WebCryptoKeyPair> {
  return oauth.generateKeyPair('ES256', { extractable: false }) as Promise<WebCryptoKeyPair>;
}

/** The client's proof generator, if it has a key pair. It stores the last nonce of each server and no data of a user. */
export function getDpopHandle(client: Client): oauth.DPoPHandle | undefined {
  const { options, state, metadata } = getClientContext(client);
  if (!options.dpop) return undefined;
  const { keyPair } = options.dpop;
  state.dpop ??= new WeakMap();
  const handle =
    state.dpop.get(keyPair.privateKey) ??
    oauth.DPoP(toProtocolClient(client), keyPair, {
      [oauth.modifyAssertion]: (header) => {
        const { dpop_signing_alg_values_supported: supportedNames } = metadata ?? state.metadata?.value ?? {};
        chooseAlgorithmName(header, supportedNames);
      },
    });
  state.dpop.set(keyPair.privateKey, handle);
  return handle;
}

/** The thumbprint that the client's tokens are bound to, if it has a key pair. @see https://www.rfc-editor.org/rfc/rfc9449#section-6.1 */
export async function getDpopThumbprint(client: Client): Promise<string | undefined> {
  return getDpopHandle(client)?.calculateThumbprint();
}

/**
 * Sends and processes a request. If the server requires a nonce, repeats it once with the nonce.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-8
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-9
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
