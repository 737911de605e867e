import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { auth } from 'express-oauth2-jwt-bearer';
import { createVerifier } from 'fast-jwt';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { JwksClient, passportJwtSecret } from 'jwks-rsa';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { type Algorithm, audience, issuer, type TestIssuer } from './tokens.ts';

export interface Verifier {
  readonly name: string;
  readonly supports: readonly Algorithm[];
  /** Resolves with the subject, or rejects. */
  verify(token: string): unknown;
}

const all: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const withoutEdwards: readonly Algorithm[] = ['RS256', 'PS256', 'ES256'];

/** Capacity of the caches. */
export const cacheSize = 20_000;

export function countersign({ jwksUri, alg }: TestIssuer, entries = cacheSize): Verifier[] {
  const verifier = createAccessTokenVerifier({
    issuer,
    audience,
    jwksUri,
    algorithms: [alg],
    allowInsecureIssuer: true,
    cache: { maxEntries: entries },
  });
  const request = (token: string) => ({
    method: 'GET',
    url: '/items',
    headers: { authorization: `Bearer ${token}` },
  });
  return [
    {
      name: '@countersign/core/resource-server',
      supports: all,
      verify: (token) => verifier.verifyToken(token),
    },
    {
      name: '@countersign/core/resource-server, complete request',
      supports: all,
      verify: (token) => verifier.findCachedRequest?.(request(token)) ?? verifier.verify(request(token)),
    },
  ];
}

/** A remote key set, as in the documentation of jose. */
export function jose({ jwksUri, alg }: TestIssuer): Verifier {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const options = { issuer, audience, algorithms: [alg], typ: 'at+jwt' };
  return { name: 'jose', supports: all, verify: (token) => jwtVerify(token, keys, options) };
}

export function fastJwt({ publicPem, alg }: TestIssuer, cache: boolean): Verifier {
  const verify = createVerifier({
    key: publicPem,
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: audience,
    ...(cache && { cache: cacheSize }),
  });
  return { name: cache ? 'fast-jwt with its cache' : 'fast-jwt without cache', supports: all, verify };
}

export function jsonwebtoken({ jwksUri, alg }: TestIssuer): Verifier {
  const client = new JwksClient({ jwksUri, cache: true });
  const getKey: jwt.GetPublicKeyOrSecret = (header, callback) =>
    client.getSigningKey(header.kid, (error, key) => callback(error, key?.getPublicKey()));
  return {
    name: 'jsonwebtoken + jwks-rsa',
    supports: withoutEdwards,
    verify: (token) =>
      new Promise((resolve, reject) => {
        jwt.verify(token, getKey, { issuer, audience, algorithms: [alg as 'RS256'] }, (error, payload) =>
          error ? reject(error) : resolve(payload),
        );
      }),
  };
}

export function passportJwt({ jwksUri, alg }: TestIssuer): Verifier {
  const strategy = new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({ jwksUri, cache: true }),
      issuer,
      audience,
      algorithms: [alg as 'RS256'],
    },
    (payload: unknown, done: (error: null, user: unknown) => void) => done(null, payload),
  );
  const instance = new passport.Passport();
  instance.use('jwt', strategy);
  return {
    name: 'passport-jwt + jwks-rsa',
    supports: withoutEdwards,
    verify: (token) =>
      new Promise((resolve, reject) => {
        const request = { headers: { authorization: `Bearer ${token}` }, url: '/items', method: 'GET' };
        instance.authenticate('jwt', { session: false }, (error: unknown, user: unknown) =>
          user ? resolve(user) : reject(error ?? new Error('rejected')),
        )(request, {}, reject);
      }),
  };
}

export function expressBearer({ jwksUri, alg }: TestIssuer): Verifier {
  const middleware = auth({ issuer, audience, jwksUri, tokenSigningAlg: alg });
  return {
    name: 'express-oauth2-jwt-bearer',
    supports: all,
    verify: (token) =>
      new Promise((resolve, reject) => {
        const request = {
          headers: { authorization: `Bearer ${token}` },
          query: {},
          method: 'GET',
          protocol: 'http',
          url: '/items',
          get: (name: string) => (name === 'Host' ? 'api.example' : undefined),
          is: () => false,
        };
        void middleware(request as never, {} as never, (error?: unknown) =>
          error ? reject(error) : resolve((request as { auth?: unknown }).auth),
        );
      }),
  };
}
