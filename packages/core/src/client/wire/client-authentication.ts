import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';
import type { WebCryptoKey } from '../../internal/crypto-types.ts';
import {
  type ClientAssertionOptions,
  checkAssertionAudience,
  createModification,
} from './client-assertion.ts';
import { checkSigningKey } from './signing-key.ts';

export type { ClientAssertionOptions } from './client-assertion.ts';

/** How a client authenticates at the token, PAR, revocation, introspection and device authorization endpoints. */
export interface ClientAuthentication {
  /**
   * The registered `token_endpoint_auth_method`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc7591#section-2
   */
  readonly method:
    | 'none'
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth';
  /** Adds the authentication to a request. */
  readonly apply: oauth.ClientAuth;
}

/**
 * Creates the authentication of a public client: requests contain only the `client_id`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.1
 * @example
 * ```ts
 * import { createClient, none } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'cli',
 *   clientAuthentication: none(),
 * });
 * ```
 */
export function none(): ClientAuthentication {
  return { method: 'none', apply: oauth.None() };
}

/**
 * Creates HTTP Basic authentication with the form-encoded client ID and secret.
 *
 * @throws ConfigurationError `missing_option` if the secret is empty, for example because an environment variable is not
 *   set
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 * @example
 * ```ts
 * import { clientSecretBasic, createClient } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function clientSecretBasic(clientSecret: string): ClientAuthentication {
  const password = encodeForm(requireSecret(clientSecret));
  return {
    method: 'client_secret_basic',
    apply: (_, { client_id: clientId }, __, headers) => {
      headers.set('authorization', `Basic ${btoa(`${encodeForm(clientId)}:${password}`)}`);
    },
  };
}

/**
 * Encodes as a form does: `-`, `_`, `.` and `*` stay. Some servers compare the secret without decoding it.
 *
 * @see https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set
 */
const encodeForm = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

/**
 * Creates authentication with the client secret in the request body.
 *
 * @throws ConfigurationError `missing_option` if the secret is empty
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function clientSecretPost(clientSecret: string): ClientAuthentication {
  return { method: 'client_secret_post', apply: oauth.ClientSecretPost(requireSecret(clientSecret)) };
}

/** Creates authentication with a client secret that is created for each request, in the request body. */
export const createdSecretPost = (
  createSecret: (clientId: string) => string | Promise<string>,
): ClientAuthentication => ({
  method: 'client_secret_post',
  apply: async (as, client, body, headers) => {
    const clientSecret = requireSecret(await createSecret(client.client_id));
    await oauth.ClientSecretPost(clientSecret)(as, client, body, headers);
  },
});

/**
 * Creates authentication with an assertion that is signed with the client secret (HS256, 60 seconds, unique `jti`).
 * The secret itself is not sent.
 *
 * @param options.audience the `aud` of assertions. Default: `issuer`.
 * @throws ConfigurationError `invalid_option` if the audience is another value
 * @throws ConfigurationError `missing_option` if the secret is empty
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 * @example
 * ```ts
 * import { clientSecretJwt, createClient } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   clientAuthentication: clientSecretJwt(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function clientSecretJwt(
  clientSecret: string,
  options: ClientAssertionOptions = {},
): ClientAuthentication {
  const secret = requireSecret(clientSecret);
  checkAssertionAudience('clientSecretJwt()', options);
  return {
    method: 'client_secret_jwt',
    apply: (as, client, body, headers) =>
      oauth.ClientSecretJwt(secret, createModification(as, options))(as, client, body, headers),
  };
}

/** A private key of the client. */
export interface ClientSigningKey {
  /** The private key. */
  readonly key: WebCryptoKey;
  /** The key ID of the registered public key. */
  readonly kid?: string;
}

/**
 * Creates authentication with an assertion that is signed with the client's private key (60 seconds, unique `jti`).
 *
 * @param key the key, or a function that is called before each assertion and returns the current key
 * @param options.audience the `aud` of assertions. Default: `issuer`.
 * @throws ConfigurationError `invalid_option` if the key cannot sign, or the audience is another value. For a function: at
 *   the request that calls it.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.2
 * @example
 * ```ts
 * import { createClient, privateKeyJwt } from '@countersign/core';
 *
 * const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   clientAuthentication: privateKeyJwt({ key: privateKey, kid: '2026-01' }),
 * });
 * ```
 */
export function privateKeyJwt(
  key: ClientSigningKey | (() => ClientSigningKey | Promise<ClientSigningKey>),
  options: ClientAssertionOptions = {},
): ClientAuthentication {
  checkAssertionAudience('privateKeyJwt()', options);
  if (typeof key !== 'function') checkSigningKey('privateKeyJwt({ key })', key?.key);
  const getCurrentKey = typeof key === 'function' ? key : () => key;
  return {
    method: 'private_key_jwt',
    apply: async (as, client, body, headers) => {
      const { key: signingKey, kid } = await getCurrentKey();
      checkSigningKey('privateKeyJwt({ key })', signingKey);
      const authenticate = oauth.PrivateKeyJwt(
        kid === undefined ? signingKey : { key: signingKey, kid },
        createModification(as, options),
      );
      await authenticate(as, client, body, headers);
    },
  };
}

/**
 * Creates mutual TLS authentication with a certificate of a trusted authority. The option `fetch` must send the
 * certificate.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2.1
 * @example
 * ```ts
 * import { createClient, tlsClientAuth } from '@countersign/core';
 * import { createNodeFetch } from '@countersign/core/node';
 *
 * function createTlsClient(certificate: string, key: string) {
 *   return createClient({
 *     issuer: 'https://auth.example.com',
 *     clientId: 'web',
 *     clientAuthentication: tlsClientAuth(),
 *     fetch: createNodeFetch({ clientCertificate: { certificate, key } }),
 *   });
 * }
 * ```
 */
export function tlsClientAuth(): ClientAuthentication {
  return { method: 'tls_client_auth', apply: oauth.TlsClientAuth() };
}

/**
 * Creates mutual TLS authentication with a registered self-signed certificate. The option `fetch` must send the
 * certificate, see {@link tlsClientAuth}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2.2
 * @example
 * ```ts
 * import { createClient, selfSignedTlsClientAuth } from '@countersign/core';
 * import { createNodeFetch } from '@countersign/core/node';
 *
 * function createTlsClient(certificate: string, key: string) {
 *   return createClient({
 *     issuer: 'https://auth.example.com',
 *     clientId: 'web',
 *     clientAuthentication: selfSignedTlsClientAuth(),
 *     fetch: createNodeFetch({ clientCertificate: { certificate, key } }),
 *   });
 * }
 * ```
 */
export function selfSignedTlsClientAuth(): ClientAuthentication {
  return { method: 'self_signed_tls_client_auth', apply: oauth.TlsClientAuth() };
}

function requireSecret(clientSecret: string): string {
  if (typeof clientSecret !== 'string' || clientSecret === '') {
    throw new ConfigurationError(
      'missing_option',
      'The client secret is empty. A public client uses none() instead.',
    );
  }
  return clientSecret;
}
