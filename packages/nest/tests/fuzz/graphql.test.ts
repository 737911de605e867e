import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Principal } from '../../src/index.ts';
import { anyAuthorization, anyCredentials, anyJson, fuzz } from '../support/fuzz.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

@Resolver()
class ItemsResolver {
  @Query(() => String, { nullable: true })
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

const apollo = { driver: ApolloDriver, subscriptions: { 'graphql-ws': true }, playground: false };
const mercurius = { driver: MercuriusDriver, subscription: { fullWsTransport: true } };

interface GraphQLResult {
  readonly data?: { readonly me?: unknown } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

const object = fc.dictionary(fc.string(), anyJson);
const queries = fc.constantFrom('{ me }', 'query A { me }', '{ me again: me }', 'query B { again: me }');

describe.each<[string, Adapter, object]>([
  ['Apollo on Express', 'express', apollo],
  ['Apollo on Fastify', 'fastify', apollo],
  ['Mercurius on Fastify', 'fastify', mercurius],
])('A9: any input to GraphQL, %s', (_, adapter, module) => {
  const start = async () => {
    const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, ...module });
    const testApp = await startApp({ imports: [graphql], providers: [ItemsResolver] }, { adapter });
    const post = async (authorization: string, body: unknown) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetch(`${testApp.url}/graphql`, init);
      return { status: response.status, text: await response.text() };
    };
    return { ...testApp, post };
  };

  test('rejects requests over HTTP, never with 500', { timeout: 60_000 }, async () => {
    const { post, mint } = await start();
    const good = await mint();
    const input = fc.record({
      authorization: anyAuthorization(good),
      body: fc.oneof(
        fc.record({ query: queries }),
        fc.record({ query: queries, variables: object, extensions: object }, { requiredKeys: ['query'] }),
        fc.record({ query: fc.oneof(queries, fc.string()), variables: anyJson, operationName: anyJson }),
        anyJson,
      ),
    });
    let rejected = 0;
    await fuzz(
      input,
      async ({ authorization, body }) => {
        const { status, text } = await post(authorization, body);
        expect(status).toBeLessThan(500);
        expect(text).not.toContain('alice');
        expect(text).not.toMatch(/INTERNAL_SERVER_ERROR|Internal server error|TypeError/);
        if (/An access token is required|[Tt]he access token|header/.test(text)) rejected++;
      },
      200,
    );
    expect(rejected).toBeGreaterThan(10);
    expect(JSON.parse((await post(`Bearer ${good}`, { query: '{ me }' })).text)).toEqual({
      data: { me: 'alice' },
    });
  });

  /** Runs an operation over a WebSocket. Returns its result, or the close code of the connection. */
  const runOperation = (
    url: string,
    attempt: {
      readonly authorization?: string | undefined;
      readonly parameters: unknown;
      readonly frames?: readonly string[];
      readonly extensions?: unknown;
    },
  ): Promise<GraphQLResult | number> => {
    const { authorization, parameters, frames = [], extensions } = attempt;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: authorization === undefined ? {} : { authorization },
    });
    const send = (message: unknown) => socket.readyState === 1 && socket.send(JSON.stringify(message));
    let isAcknowledged = false;
    return new Promise((resolve) => {
      const end = (result: GraphQLResult | number) => {
        socket.close();
        resolve(result);
      };
      socket.once('unexpected-response', (_request, { statusCode }) => end(statusCode ?? 0));
      socket.once('error', () => end(0));
      socket.once('close', (code) => end(code));
      socket.once('open', () => send({ type: 'connection_init', payload: parameters }));
      socket.on('message', (data) => {
        const { type, id, payload } = JSON.parse(String(data)) as {
          type: string;
          id?: string;
          payload?: unknown;
        };
        if (type === 'connection_ack') {
          isAcknowledged = true;
          for (const frame of frames) if (socket.readyState === 1) socket.send(frame);
          send({ id: 'mine', type: 'subscribe', payload: { query: '{ me }', extensions } });
        }
        if (id === 'mine' && type === 'next') end(payload as GraphQLResult);
        // Mercurius reports a frame that it cannot read, and keeps the connection open.
        if (type === 'error' && typeof id !== 'string') {
          if (isAcknowledged) send({ id: 'mine', type: 'subscribe', payload: { query: '{ me }' } });
          else end(0);
        }
        if (id === 'mine' && type === 'error')
          end({ errors: payload as NonNullable<GraphQLResult['errors']> });
      });
    });
  };

  const frame = fc.oneof(
    fc.string(),
    anyJson.map((value) => JSON.stringify(value)),
    fc
      .record(
        {
          id: fc.oneof(fc.constant('other'), anyJson),
          type: fc.constantFrom('subscribe', 'complete', 'ping', 'pong', 'connection_init'),
          payload: fc.oneof(anyJson, fc.record({ query: queries, variables: anyJson })),
        },
        { requiredKeys: ['type'] },
      )
      .map((value) => JSON.stringify(value)),
  );
  const frames = fc.oneof(fc.constant([]), fc.array(frame, { maxLength: 2 }));

  /** 1011 and 4500 report a server failure. `graphql-ws` also closes with them after an invalid frame. */
  const expectClosed = (code: number, frames: readonly string[]) => {
    if (frames.length === 0) expect([500, 1011, 4500]).not.toContain(code);
  };

  test('rejects operations over a WebSocket without a valid token', { timeout: 60_000 }, async () => {
    const { url, mint } = await start();
    const good = await mint();
    const input = fc.record({
      authorization: fc.option(anyAuthorization(good), { nil: undefined }),
      parameters: anyCredentials(good),
      frames,
      extensions: object,
    });
    let rejected = 0;
    await fuzz(
      input,
      async (attempt) => {
        const result = await runOperation(url, attempt);
        if (typeof result === 'number') return expectClosed(result, attempt.frames);
        expect(result.data?.me ?? null).toBeNull();
        expect(result.errors?.[0]?.message).toMatch(/token|Authorization header|authorization header/);
        rejected++;
      },
      150,
    );
    expect(rejected).toBeGreaterThan(10);
    const authorization = `Bearer ${good}`;
    expect(await runOperation(url, { parameters: { authorization } })).toEqual({ data: { me: 'alice' } });
  });

  test('keeps the principal of a WebSocket for all operations', { timeout: 60_000 }, async () => {
    const { url, mint } = await start();
    const authorization = `Bearer ${await mint()}`;
    // A second `connection_init` replaces the credential in some libraries.
    const others = frames.map((list) => list.filter((text) => !text.includes('connection_init')));
    const input = fc.record({
      parameters: object,
      frames: others,
      extensions: object,
    });
    let successes = 0;
    await fuzz(
      input,
      async ({ parameters, ...rest }) => {
        const result = await runOperation(url, { parameters: { ...parameters, authorization }, ...rest });
        if (typeof result === 'number') return expectClosed(result, rest.frames);
        expect(result).toEqual({ data: { me: 'alice' } });
        successes++;
      },
      100,
    );
    expect(successes).toBeGreaterThan(10);
  });
});
