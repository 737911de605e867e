import { createHash } from 'node:crypto';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { createClient } from 'graphql-ws';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { OptionalAuth, Principal, Public, RequireScopes } from './index.ts';
import { type StartOptions, startApp } from './test-support/start-app.ts';

@Resolver()
class ItemsResolver {
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @Query(() => String)
  again(@Principal('sub') sub: string) {
    return sub;
  }

  @Public()
  @Query(() => String)
  open() {
    return 'open';
  }

  @OptionalAuth()
  @Query(() => String)
  optional(@Principal('sub') sub?: string) {
    return sub ?? 'nobody';
  }

  @RequireScopes('items:write')
  @Mutation(() => String)
  write(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:read')
  @Subscription(() => String)
  async *ticks() {
    yield { ticks: 'one' };
    await new Promise(() => {});
  }
}

async function start(options: StartOptions = {}) {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    subscriptions: { 'graphql-ws': true },
    playground: false,
  });
  const started = await startApp({ imports: [graphql], providers: [ItemsResolver] }, options);
  const query = (text: string, token?: string, headers: Record<string, string> = {}) =>
    started.call('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text }),
    });
  return { ...started, query };
}

test('A10: queries and mutations are guarded', async () => {
  const { query, mint } = await start();
  expect((await query('{ open }')).body).toEqual({ data: { open: 'open' } });
  expect((await query('{ optional }')).body).toEqual({ data: { optional: 'nobody' } });
  expect((await query('{ optional }', 'abc')).body).toMatchObject({ data: null });

  const anonymous = await query('{ me }');
  expect(anonymous.body).toMatchObject({
    data: null,
    errors: [{ message: 'An access token is needed', extensions: { code: 'UNAUTHENTICATED' } }],
  });
  expect(anonymous.challenge).toBe('Bearer');

  expect((await query('{ me again }', await mint())).body).toEqual({ data: { me: 'alice', again: 'alice' } });
  expect((await query('mutation { write }', await mint())).body).toMatchObject({
    errors: [
      { message: "The access token lacks the scope 'items:write'", extensions: { code: 'FORBIDDEN' } },
    ],
  });
  expect((await query('mutation { write }', await mint({ scope: 'items:write' }))).body).toEqual({
    data: { write: 'alice' },
  });
  expect((await query('{ me }', await mint({ exp: 1 }))).body).toMatchObject({ data: null });
});

test('A6: a request with several fields uses its proof once', async () => {
  const origin = 'https://api.example.test';
  const { query, mint, server } = await start({ auth: { dpop: { origin } } });
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const token = await mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  const dpop = await new SignJWT({
    jti: '1',
    htm: 'POST',
    htu: `${origin}/graphql`,
    ath: createHash('sha256').update(token).digest('base64url'),
    iat: Math.floor(server.clock.now() / 1000),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(privateKey);
  const headers = { authorization: `DPoP ${token}`, dpop };
  expect((await query('{ me again }', undefined, headers)).body).toEqual({
    data: { me: 'alice', again: 'alice' },
  });
  expect((await query('{ me }', undefined, headers)).body).toMatchObject({
    errors: [{ message: 'The DPoP proof was used before' }],
  });
});

test('A10: subscriptions are guarded by the parameters of their connection, and end with the token', async () => {
  const { url, mint, server } = await start();
  const subscribe = (authorization?: string) =>
    new Promise((resolve) => {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: authorization === undefined ? {} : { authorization },
      });
      let received: unknown;
      client.subscribe(
        { query: 'subscription { ticks }' },
        {
          next: ({ data, errors }) => {
            received = data ?? errors?.[0]?.message;
            if (errors) resolve(received);
          },
          error: (error) => resolve({ received, closed: (error as { code?: number }).code ?? error }),
          complete: () => resolve({ received }),
        },
      );
    });
  expect(JSON.stringify(await subscribe())).toContain('An access token is needed');
  expect(JSON.stringify(await subscribe(`Bearer ${await mint()}`))).toContain("lacks the scope 'items:read'");
  const soon = Math.floor(server.clock.now() / 1000) + 1;
  expect(await subscribe(`Bearer ${await mint({ scope: 'items:read', exp: soon })}`)).toEqual({
    received: { ticks: 'one' },
    closed: 4401,
  });
});
