import 'reflect-metadata';
import { clientSecretBasic } from '@countersign/core';
import { AuthModule, Principal, Public } from '@countersign/nest';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

// An API for the hostile load: JWTs and DPoP-bound tokens of one issuer, opaque tokens of another. Type stripping does not
// support decorators, so this file calls them as functions.

const { ISSUER = '', OPAQUE_ISSUER = '', AUDIENCE = '', PORT = '' } = process.env;

class Api {
  me(sub: string) {
    return { sub };
  }

  health() {
    return {};
  }
}

function handler(name: keyof Api, decorator: MethodDecorator): void {
  decorator(Api.prototype, name, Object.getOwnPropertyDescriptor(Api.prototype, name) as PropertyDescriptor);
}

Controller()(Api);
handler('me', Get('me'));
Principal('sub')(Api.prototype, 'me', 0);
handler('health', Get('health'));
handler('health', Public() as MethodDecorator);

class AppModule {}
Module({ controllers: [Api] })(AppModule);

const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [
      AuthModule.forRoot({
        issuers: [
          { issuer: ISSUER, audience: AUDIENCE },
          {
            issuer: OPAQUE_ISSUER,
            audience: AUDIENCE,
            // One second: the valid token is introspected again during the attack.
            introspection: {
              clientId: 'web',
              clientAuthentication: clientSecretBasic('web-secret'),
              maxAge: 1,
            },
          },
        ],
        dpop: { origin: `http://localhost:${PORT}` },
        allowInsecureIssuer: true,
      }),
    ],
  },
  { logger: ['error', 'warn'] },
);
await app.listen(Number(PORT), 'localhost');
