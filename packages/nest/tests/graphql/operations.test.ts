import { ApolloDriver } from '@nestjs/apollo';
import {
  type GqlModuleOptions,
  GraphQLModule,
  Mutation,
  Query,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { OptionalAuth, Principal, Public, RequireScopes } from '../../src/index.ts';
import { type GraphQLResult, postQuery } from '../support/graphql/graphql.ts';
import { type Adapter, type StartOptions, startApp } from '../support/start/start-app.ts';
import { createCertificate } from '../support/tokens/certificates.ts';
import { createHolder } from '../support/tokens/dpop.ts';

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

  @RequireScopes('items:read')
  @Query(() => String)
  read(@Principal('sub') sub: string) {
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
    return sub ?? 'anonymous';
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

interface Server {
  readonly name: string;
  readonly adapter: Adapter;
  readonly module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>;
}

const apollo = { driver: ApolloDriver, subscriptions: { 'graphql-ws': true }, playground: false };
const servers: readonly Server[] = [
  { name: 'Apollo on Express', adapter: 'express', module: apollo },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: apollo },
  {
    name: 'Mercurius on Fastify',
    adapter: 'fastify',
    module: { driver: MercuriusDriver, subscription: { fullWsTransport: true } },
  },
];

async function startServer({ adapter, module }: Omit<Server, 'name'>, options: StartOptions = {}) {
  const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, ...module });
  const testApp = await startApp({ imports: [graphql], providers: [ItemsResolver] }, { adapter, ...options });
  const query = (text: string, token?: string, headers: Record<string, string> = {}) =>
    postQuery(testApp, { query: text, token, headers });
  /** Connects over a WebSocket. Runs operations and returns the close code. */
  const connect = (
    authorization?: string,
    handshake: Record<string, string> = {},
    parameters: Record<string, string> = {},
  ) => {
    class Socket extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { headers: handshake });
      }
    }
    let closed: (code: number) => void;
    const client = createClient({
      url: `${testApp.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: Socket,
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {},
      connectionParams: { ...parameters, ...(authorization !== undefined && { authorization }) },
      on: { closed: (event) => closed((event as { code: number }).code) },
    });
    const ask = (text: string) =>
      new Promise<GraphQLResult>((resolve, reject) => {
        client.subscribe({ query: text }, { next: resolve as never, error: reject, complete: () => {} });
      });
    return {
      ask,
      closed: new Promise<number>((resolve) => (closed = resolve)),
      end: () => client.dispose(),
    };
  };
  const runOverWebSocket = async (text: string, ...handshake: Parameters<typeof connect>) => {
    const connection = connect(...handshake);
    const result = await connection.ask(text).catch((errors: GraphQLResult['errors']) => ({ errors }));
    await connection.end();
    return result;
  };
  return { ...testApp, query, connect, runOverWebSocket };
}

describe.each(servers)('$name', (server) => {
  const start = (options?: StartOptions) => startServer(server, options);

  test('A10: rejects a missing, invalid or insufficient token, and accepts a valid one', async () => {
    const { query, runOverWebSocket, mint } = await start();
    const scope = 'items:read items:write';
    const tokens = {
      none: undefined,
      foreign: await mint({ scope }, { foreignKey: true }),
      expired: await mint({ scope, exp: 1 }),
      lacking: await mint({ scope: 'openid' }),
      good: await mint({ scope }),
    };
    const rejected = {
      none: 'An access token is required',
      foreign: 'The signature of the access token is not valid',
      expired: 'The access token has expired',
    };
    for (const [text, field, needed] of [
      ['{ read }', 'read', 'items:read'],
      ['mutation { write }', 'write', 'items:write'],
    ] as const) {
      for (const [name, message] of Object.entries(rejected)) {
        const { body, challenge } = await query(text, tokens[name as keyof typeof rejected]);
        expect(body).toMatchObject({ data: null, errors: [{ message }] });
        expect(challenge).toBe(
          name === 'none' ? 'Bearer' : `Bearer error="invalid_token", error_description="${message}"`,
        );
      }
      const lacking = await query(text, tokens.lacking);
      const message = `The access token lacks the scope '${needed}'`;
      expect(lacking.body).toMatchObject({ data: null, errors: [{ message }] });
      expect(lacking.challenge).toBe(
        `Bearer error="insufficient_scope", error_description="${message}", scope="${needed}"`,
      );
      expect((await query(text, tokens.good)).body).toEqual({ data: { [field]: 'alice' } });
    }
    // A query, a mutation and a subscription over a WebSocket.
    for (const [text, data, needed] of [
      ['{ read }', { read: 'alice' }, 'items:read'],
      ['mutation { write }', { write: 'alice' }, 'items:write'],
      ['subscription { ticks }', { ticks: 'one' }, 'items:read'],
    ] as const) {
      const ask = (token?: string) => runOverWebSocket(text, token && `Bearer ${token}`);
      for (const [name, message] of Object.entries(rejected))
        expect(await ask(tokens[name as keyof typeof rejected])).toMatchObject({ errors: [{ message }] });
      expect(await ask(tokens.lacking)).toMatchObject({
        errors: [{ message: `The access token lacks the scope '${needed}'` }],
      });
      expect(await ask(tokens.good)).toEqual({ data });
      // A client that can set headers can send the token in the handshake.
      expect(await runOverWebSocket(text, undefined, { authorization: `Bearer ${tokens.good}` })).toEqual({
        data,
      });
    }
  });

  test('A12: accepts anonymous requests for public and optional fields, and rejects an invalid token for optional ones', async () => {
    const { query, runOverWebSocket, mint } = await start();
    expect((await query('{ open }', 'nonsense')).body).toEqual({ data: { open: 'open' } });
    expect((await query('{ optional }')).body).toEqual({ data: { optional: 'anonymous' } });
    expect((await query('{ optional }', await mint())).body).toEqual({ data: { optional: 'alice' } });
    expect((await query('{ optional }', 'nonsense')).body).toMatchObject({ data: null });
    expect(await runOverWebSocket('{ open }')).toEqual({ data: { open: 'open' } });
    expect(await runOverWebSocket('{ optional }')).toEqual({ data: { optional: 'anonymous' } });
    expect(await runOverWebSocket('{ optional }', 'Bearer nonsense')).toMatchObject({ data: null });
  });

  test('A14: rejects different credentials in the handshake and the connection parameters', async () => {
    const { runOverWebSocket, mint } = await start();
    const [one, other] = [`Bearer ${await mint()}`, `Bearer ${await mint({ sub: 'bob' })}`];
    expect(await runOverWebSocket('{ me }', one, { authorization: one })).toEqual({ data: { me: 'alice' } });
    expect(await runOverWebSocket('{ me }', one, { authorization: other })).toMatchObject({
      errors: [{ message: 'The request has more than one authorization header' }],
    });
  });

  test('A6: uses the proof of a request with several fields once', async () => {
    const origin = 'https://api.example.test';
    const { query, mint, server } = await start({ auth: { dpop: { origin } } });
    const holder = await createHolder(mint);
    const headers = await holder.prove({ htm: 'POST', htu: `${origin}/graphql`, now: server.clock.now() });
    expect((await query('{ me again }', undefined, headers)).body).toEqual({
      data: { me: 'alice', again: 'alice' },
    });
    const replayed = await query('{ me }', undefined, headers);
    expect(replayed.body).toMatchObject({ errors: [{ message: 'The DPoP proof was already used' }] });
    expect(replayed.challenge).toMatch(/^Bearer, DPoP error="invalid_dpop_proof", /);
  });

  test('A10: rejects each operation of a connection after the token has expired', async () => {
    const { connect, mint, server } = await start({ auth: { clockTolerance: 0 } });
    const alice = connect(`Bearer ${await mint()}`);
    expect(await alice.ask('{ me }')).toEqual({ data: { me: 'alice' } });
    server.clock.advance(3600);
    const errors = [{ message: 'The access token has expired' }];
    for (const text of ['{ me }', 'subscription { ticks }']) {
      const result = await alice.ask(text).catch((each: GraphQLResult['errors']) => ({ errors: each }));
      expect(result).toMatchObject({ errors });
    }
    await alice.end();
  });

  test('A10: closes a subscription when its token expires', async () => {
    const { connect, mint, server } = await start();
    server.clock.stop();
    const soon = Math.floor(server.clock.now() / 1000) + 2;
    const alice = connect(`Bearer ${await mint({ scope: 'items:read', exp: soon })}`);
    expect(await alice.ask('subscription { ticks }')).toEqual({ data: { ticks: 'one' } });
    expect(await alice.closed).toBe(4401);
  });
});

test('A10: terminates a connection of Mercurius if the guard does not find its WebSocket', async () => {
  const hidden = { fullWsTransport: true, context: () => ({ app: {} }) };
  const module = { driver: MercuriusDriver, subscription: hidden };
  const { connect, mint, server } = await startServer({ adapter: 'fastify', module });
  server.clock.stop();
  const soon = Math.floor(server.clock.now() / 1000) + 2;
  const alice = connect(`Bearer ${await mint({ scope: 'items:read', exp: soon })}`);
  expect(await alice.ask('subscription { ticks }')).toEqual({ data: { ticks: 'one' } });
  expect(await alice.closed).toBe(1006);
});

test('A7: does not read the proxy header from the connection parameters of Mercurius', async () => {
  const { driver, subscription } = { driver: MercuriusDriver, subscription: { fullWsTransport: true } };
  const { runOverWebSocket, mint } = await startServer(
    { adapter: 'fastify', module: { driver, subscription } },
    { auth: { mtls: { trustedProxyHeader: 'client-cert', format: 'rfc9440' } } },
  );
  const { cert, thumbprint } = createCertificate('client');
  const certificate = { 'client-cert': `:${cert.replace(/-----[^-]+-----|\s/g, '')}:` };
  const token = `Bearer ${await mint({ scope: 'items:read', cnf: { 'x5t#S256': thumbprint } })}`;
  expect(await runOverWebSocket('subscription { ticks }', token, certificate)).toEqual({
    data: { ticks: 'one' },
  });
  // Mercurius copies the connection parameters into the headers of the handshake.
  for (const text of ['subscription { ticks }', '{ read }'])
    expect(await runOverWebSocket(text, token, {}, certificate)).toMatchObject({
      errors: [{ message: expect.stringContaining('certificate') }],
    });
});
