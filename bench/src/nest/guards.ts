import { AuthModule } from '@countersign/nest';
import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type Provider,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { createVerifier } from 'fast-jwt';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { passportJwtSecret } from 'jwks-rsa';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { type Algorithm, audience, issuer } from '../verify/tokens.ts';

/** The issuer of the tokens that a guard verifies. */
export interface GuardSettings {
  readonly jwksUri: string;
  readonly publicPem: string;
  readonly alg: Algorithm;
}

interface Guarding {
  readonly imports?: DynamicModule[];
  readonly providers?: Provider[];
}

interface RequestWithUser {
  readonly headers: { readonly authorization?: string };
  user?: unknown;
}

type Check = (request: RequestWithUser) => boolean | Promise<boolean>;

const guard = (check: Check): Guarding => {
  const value: CanActivate = {
    canActivate: (context: ExecutionContext) => check(context.switchToHttp().getRequest<RequestWithUser>()),
  };
  return { providers: [{ provide: APP_GUARD, useValue: value }] };
};

function readToken({ headers }: RequestWithUser): string {
  const [scheme, token] = headers.authorization?.split(' ') ?? [];
  if (scheme !== 'Bearer' || token === undefined) throw new UnauthorizedException();
  return token;
}

/** The ways to guard every route of an application. */
export const guards = {
  open: () => ({}),
  nothing: () => guard(() => true),
  countersign: ({ jwksUri, alg }) => ({
    imports: [
      AuthModule.forRoot({ issuer, audience, jwksUri, algorithms: [alg], allowInsecureIssuer: true }),
    ],
  }),
  'fast-jwt': ({ publicPem, alg }) => {
    const verify = createVerifier({
      key: publicPem,
      algorithms: [alg],
      allowedIss: issuer,
      allowedAud: audience,
      cache: 20_000,
    });
    return guard((request) => {
      try {
        request.user = verify(readToken(request));
        return true;
      } catch {
        throw new UnauthorizedException();
      }
    });
  },
  jose: ({ jwksUri, alg }) => {
    const keys = createRemoteJWKSet(new URL(jwksUri));
    const options = { issuer, audience, algorithms: [alg], typ: 'at+jwt' };
    return guard(async (request) => {
      try {
        request.user = (await jwtVerify(readToken(request), keys, options)).payload;
        return true;
      } catch {
        throw new UnauthorizedException();
      }
    });
  },
  passport: ({ jwksUri, alg }) => {
    const options = {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({ jwksUri, cache: true }),
      issuer,
      audience,
      algorithms: [alg as 'RS256'],
    };
    passport.use('jwt', new Strategy(options, (payload, done) => done(null, payload)));
    return { providers: [{ provide: APP_GUARD, useClass: AuthGuard('jwt') }] };
  },
} satisfies Readonly<Record<string, (settings: GuardSettings) => Guarding>>;

export type GuardName = keyof typeof guards;
