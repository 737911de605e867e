import type { DpopOptions } from '@countersign/core/resource-server';
import { ApolloDriver } from '@nestjs/apollo';
import { Inject } from '@nestjs/common';
import { Args, Context, GraphQLModule, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import {
  ConnectionAuthenticator,
  Policy,
  Principal,
  RequireScopes,
  type VerifiedAccessToken,
} from '../../../src/index.ts';
import { type Adapter, startApp } from '../../support/start/start-app.ts';
import { createHolder } from '../../support/tokens/dpop.ts';

/** Lets the event loop process the messages of clients. */
const waitForEntry = () => new Promise<void>((resolve) => void setImmediate(resolve));

@Resolver()
class TokensResolver {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  @Query(() => String)
  me(@Principal() { sub, scopes }: { sub: string; scopes: readonly string[] }) {
    return `${sub}: ${scopes.join(' ')}`;
  }

  @RequireScopes('items:write')
  @Query(() => String)
  write() {
    return 'written';
  }

  @Subscription(() => String)
  async *ticks() {
    yield { ticks: 'one' };
    await new Promise(() => {});
  }

  @RequireScopes('audit:read')
  @Subscription(() => String)
  async *audit() {
    for (let count = 1; ; count++) {
      yield { audit: `entry ${count}` };
      await waitForEntry();
    }
  }

  @Policy(({ scopes }: VerifiedAccessToken) => scopes.includes('alerts:read'))
  @Subscription(() => String)
  async *alerts() {
    for (let count = 1; ; count++) {
      yield { alerts: `alert ${count}` };
      await waitForEntry();
    }
  }

  @Mutation(() => String)
  async renew(
    @Context() context: object,
    @Args('token', { type: () => String }) token: string,
    @Args('proof', { type: () => String, nullable: true }) proof?: string,
  ) {
    const { accessToken } = await this.connections.renew(context, token, { ...(proof && { proof }) });
    return accessToken.sub;
  }
}

const apollo = { driver: ApolloDriver, subscriptions: { 'graphql-ws': true }, playground: false };
const servers: readonly { readonly name: string; readonly adapter: Adapter; readonly module: object }[] = [
  { name: 'Apollo on Express', adapter: 'express', module: apollo },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: apollo },
  {
    name: 'Mercurius on Fastify',
    adapter: 'fastify',
    module: { driver: MercuriusDriver, subscription: { fullWsTransport: true } },
  },
];

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string }[];
}

describe.each(servers)('N23: a new token on a GraphQL connection: $name', ({ adapter, module }) => {
  async function start(dpop?: DpopOptions) {
    const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, ...module } as never);
    const testApp = await startApp(
      { imports: [graphql], providers: [TokensResolver] },
      { adapter, auth: { clockTolerance: 0, ...(dpop && { dpop }) } as never },
    );
    testApp.server.clock.stop();
    const now = Math.floor(testApp.server.clock.now() / 1000);
    const connect = (headers: Record<string, string>) => {
      class Socket extends WebSocket {
        constructor(url: string, protocols: string) {
          super(url, protocols, { headers });
        }
      }
      let setClosed: (code: number) => void = () => {};
      const closed = new Promise<number>((resolve) => {
        setClosed = resolve;
      });
      const client = createClient({
        url: `${testApp.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: Socket,
        retryAttempts: 0,
        lazy: false,
        onNonLazyError: () => {},
        on: { closed: (event) => setClosed((event as { code: number }).code) },
      });
      const ask = (query: string, variables: Record<string, unknown> = {}) =>
        new Promise<Result>((resolve) => {
          client.subscribe(
            { query, variables },
            {
              next: (result) => resolve(result as Result),
              error: (errors) => resolve({ errors: errors as never }),
              complete: () => {},
            },
          );
        });
      /** Starts a subscription. Returns the function that ends it. */
      const subscribe = (query: string) =>
        new Promise<() => void>((resolve, reject) => {
          const end = client.subscribe({ query }, { next: () => resolve(end), error: reject, complete() {} });
        });
      const renew = (token: unknown, proof?: string) =>
        ask('mutation ($token: String!, $proof: String) { renew(token: $token, proof: $proof) }', {
          token,
          ...(proof && { proof }),
        });
      return { ask, subscribe, renew, closed, end: () => client.dispose() };
    };
    return { ...testApp, now, connect };
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('applies to the next operations, and the connection outlives its first token', async () => {
    const { connect, mint, now, server } = await start();
    const alice = connect(bearer(await mint({ scope: 'a', exp: now + 60 })));
    expect(await alice.ask('{ me }')).toEqual({ data: { me: 'alice: a' } });
    expect(await alice.ask('subscription { ticks }')).toEqual({ data: { ticks: 'one' } });
    expect(await alice.renew(await mint({ scope: 'items:write', exp: now + 600 }))).toEqual({
      data: { renew: 'alice' },
    });
    server.clock.advance(120);
    expect(await alice.ask('{ me }')).toEqual({ data: { me: 'alice: items:write' } });
    expect(await alice.ask('{ write }')).toEqual({ data: { write: 'written' } });
    await alice.end();
  });

  test('moves the expiry of the connection', async () => {
    const { connect, mint, now } = await start();
    const alice = connect(bearer(await mint({ exp: now + 600 })));
    expect(await alice.ask('subscription { ticks }')).toEqual({ data: { ticks: 'one' } });
    await alice.renew(await mint({ exp: now + 1 }));
    expect(await alice.closed).toBe(4401);
  });

  test('is rejected if it is of another user, or invalid, and the connection keeps its token', async () => {
    const { connect, mint, now, server } = await start();
    const alice = connect(bearer(await mint({ scope: 'a', exp: now + 60 })));
    expect(await alice.ask('{ me }')).toEqual({ data: { me: 'alice: a' } });
    for (const [token, message] of [
      [await mint({ sub: 'bob' }), 'The access token is of another user or client than the connection'],
      [
        await mint({ client_id: 'other' }),
        'The access token is of another user or client than the connection',
      ],
      [await mint({}, { foreignKey: true }), 'The signature of the access token is not valid'],
      [await mint({ exp: now - 10 }), 'The access token has expired'],
      ['', expect.any(String)],
      ['Basic abc', expect.any(String)],
    ] as const) {
      const { data, errors } = await alice.renew(token);
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.message).toEqual(message);
    }
    expect(await alice.ask('{ me }')).toEqual({ data: { me: 'alice: a' } });
    server.clock.advance(120);
    expect((await alice.ask('{ me }')).errors?.[0]?.message).toBe('The access token has expired');
    await alice.end();
  });

  test.each([
    ['audit', 'audit:read', "The access token lacks the scope 'audit:read'"],
    ['alerts', 'alerts:read', 'Access is denied'],
  ])('N28: is rejected without the access of a running subscription: %s', async (name, scope, message) => {
    const { connect, mint } = await start();
    const alice = connect(bearer(await mint({ scope })));
    const end = await alice.subscribe(`subscription { ${name} }`);
    const other = await mint({ scope: 'other' });
    expect((await alice.renew(other)).errors?.[0]?.message).toBe(message);
    expect(await alice.ask('{ me }')).toEqual({ data: { me: `alice: ${scope}` } });
    expect(await alice.renew(await mint({ scope: `${scope} other` }))).toEqual({ data: { renew: 'alice' } });
    end();
    await vi.waitFor(async () => expect(await alice.renew(other)).toEqual({ data: { renew: 'alice' } }));
    await alice.end();
  });

  test('is rejected over HTTP, because HTTP has no connection', async () => {
    const { call, mint } = await start();
    const { body } = await call('/graphql', await mint(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `mutation { renew(token: "${await mint()}") }` }),
    });
    expect((body as Result).errors?.[0]?.message).toBe(
      'A new access token can be sent only on an open WebSocket',
    );
  });

  test('requires a separate proof if it is bound to a key', async () => {
    const origin = 'https://api.example.test';
    const { connect, mint, now, server } = await start({ origin });
    const mintUntil = (exp: number) => (claims: object) => mint({ ...claims, exp });
    const holder = await createHolder(mintUntil(now + 60));
    const htu = `${origin}/graphql`;
    const prove = (each: typeof holder) => each.prove({ htm: 'GET', htu, now: server.clock.now() });
    const alice = connect(await prove(holder));
    expect(await alice.ask('{ me }')).toMatchObject({ data: { me: expect.stringContaining('alice') } });
    const next = await createHolder(mintUntil(now + 600));
    expect((await alice.renew(`DPoP ${next.token}`)).errors).toBeDefined();
    const { authorization = '', dpop } = await prove(next);
    expect(await alice.renew(authorization, dpop)).toEqual({ data: { renew: 'alice' } });
    expect((await alice.renew(authorization, dpop)).errors?.[0]?.message).toBe(
      'The DPoP proof was already used',
    );
    await alice.end();
  });
});
