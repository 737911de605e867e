import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';

/** How the client proves who it is at the token, PAR, revocation, introspection and device endpoints. */
export interface ClientAuthentication {
  /** The registered `token_endpoint_auth_method` (RFC 7591 section 2). */
  readonly method:
    | 'none'
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth';
  /** Adds the proof to a request. */
  readonly apply: oauth.ClientAuth;
}

/** A public client: it has no secret, and sends only its `client_id`. @see RFC 6749 section 2.1 */
export function none(): ClientAuthentication {
  return { method: 'none', apply: oauth.None() };
}

/**
 * HTTP Basic with form-encoded identifier and secret.
 *
 * @throws ConfigurationError when the secret is empty, as an environment variable that is not set would be
 * @see RFC 6749 section 2.3.1
 */
export function clientSecretBasic(clientSecret: string): ClientAuthentication {
  return { method: 'client_secret_basic', apply: oauth.ClientSecretBasic(secretOf(clientSecret)) };
}

/**
 * The secret in the body of the request.
 *
 * @throws ConfigurationError when the secret is empty
 * @see RFC 6749 section 2.3.1
 */
export function clientSecretPost(clientSecret: string): ClientAuthentication {
  return { method: 'client_secret_post', apply: oauth.ClientSecretPost(secretOf(clientSecret)) };
}

/**
 * An assertion (60 s, unique `jti`) signed with the secret (HS256), which itself is never sent.
 *
 * @throws ConfigurationError when the secret is empty
 * @see OpenID Connect Core section 9
 */
export function clientSecretJwt(clientSecret: string): ClientAuthentication {
  return { method: 'client_secret_jwt', apply: oauth.ClientSecretJwt(secretOf(clientSecret)) };
}

/** A signing key of the client and the `kid` under which its public half is registered. */
export interface ClientSigningKey {
  readonly key: CryptoKey;
  readonly kid?: string;
}

/**
 * A short-lived assertion (60 s, unique `jti`) signed with the client's private key.
 * Give a function to rotate keys: it is asked before every assertion.
 *
 * @see OpenID Connect Core section 9, RFC 7523
 */
export function privateKeyJwt(
  key: ClientSigningKey | (() => ClientSigningKey | Promise<ClientSigningKey>),
): ClientAuthentication {
  const current = typeof key === 'function' ? key : () => key;
  return {
    method: 'private_key_jwt',
    apply: async (as, client, body, headers) => {
      const { key: signingKey, kid } = await current();
      const authenticate = oauth.PrivateKeyJwt(kid === undefined ? signingKey : { key: signingKey, kid });
      await authenticate(as, client, body, headers);
    },
  };
}

/** Mutual TLS with a certificate that a PKI vouches for; hand in a `fetch` of `@countersign/core/node`. @see RFC 8705 section 2.1 */
export function tlsClientAuth(): ClientAuthentication {
  return { method: 'tls_client_auth', apply: oauth.TlsClientAuth() };
}

/** Mutual TLS with a registered self-signed certificate; hand in a `fetch` of `@countersign/core/node`. @see RFC 8705 section 2.2 */
export function selfSignedTlsClientAuth(): ClientAuthentication {
  return { method: 'self_signed_tls_client_auth', apply: oauth.TlsClientAuth() };
}

function secretOf(clientSecret: string): string {
  if (typeof clientSecret !== 'string' || clientSecret === '') {
    throw new ConfigurationError(
      'missing_option',
      'The client secret is empty. Public clients use none() instead.',
    );
  }
  return clientSecret;
}
