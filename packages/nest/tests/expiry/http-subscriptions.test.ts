import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule, GraphQLSchemaHost, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type * as graphql from 'graphql';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Public, RequireScopes } from '../../src/index.ts';
import { holdLongTimers } from '../support/long-timers.ts';
import { startApp } from '../support/start/start-app.ts';

async function* createTicks(name: string) {
  yield { [name]: 'first' };
  await new Promise(() => {});
}

// The drivers use the CommonJS build, which accepts its own schemas only.
const { parse, subscribe } = createRequire(import.meta.url)('graphql') as typeof graphql;

afterEach(() => void vi.restoreAllMocks());

@Resolver()
class TicksResolver {
  @Query(() => String)
  me() {
    return 'me';
  }

  @Subscription(() => String)
  ticks() {
    return createTicks('ticks');
  }

  @RequireScopes('ticks:read')
  @Subscription(() => String)
  scoped() {
    return createTicks('scoped');
  }

  @Public()
  @Subscription(() => String)
  open() {
    return createTicks('open');
  }
}

type NodeRequest = IncomingMessage & { readonly raw?: IncomingMessage };
type NodeResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

/** Serves subscriptions as an event stream, in the way of graphql-sse: the drivers of Nest serve none over HTTP. */
async function serveEvents(schemas: GraphQLSchemaHost, request: NodeRequest, response: NodeResponse) {
  const { url = '', headers } = request;
  const query = new URL(url, 'http://localhost').searchParams.get('query') ?? '';
  const raw = response.raw ?? response;
  response.hijack?.();
  const result = await subscribe({
    schema: schemas.schema,
    document: parse(query),
    contextValue: { req: request, res: response },
  });
  expect(headers.accept).toBe('text/event-stream');
  raw.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event: string, data?: unknown) =>
    raw.write(`event: ${event}\ndata: ${JSON.stringify(data) ?? ''}\n\n`);
  if (!(Symbol.asyncIterator in result)) {
    send('next', result);
    raw.end();
    return;
  }
  raw.once('close', () => void result.return?.(undefined));
  for await (const each of result as AsyncGenerator<graphql.ExecutionResult>) send('next', each);
}

describe.each([
  ['Apollo on Express', 'express', ApolloDriver],
  ['Mercurius on Fastify', 'fastify', MercuriusDriver],
] as const)('subscriptions over HTTP with the schema of %s', (_, adapter, driver) => {
  async function start() {
    const graphql = GraphQLModule.forRoot({
      driver,
      autoSchemaFile: true,
      ...(driver === MercuriusDriver && { subscription: true }),
    } as never);
    const testApp = await startApp(
      { imports: [graphql], providers: [TicksResolver] },
      {
        adapter,
        auth: { clockTolerance: 0 },
        before: (app) =>
          void app
            .getHttpAdapter()
            .get('/events', (request: NodeRequest, response: NodeResponse) =>
              serveEvents(app.get(GraphQLSchemaHost), request, response),
            ),
      },
    );
    testApp.server.clock.stop();
    /** Resolves to the first event. `rest` resolves to the remaining text when the response ends. */
    const open = async (field: string, token?: string) => {
      const query = encodeURIComponent(`subscription { ${field} }`);
      const response = await fetch(`${testApp.url}/events?query=${query}`, {
        headers: {
          accept: 'text/event-stream',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = (await reader?.read())?.value ?? '';
      const readRest = async () => {
        let text = '';
        for (let each = await reader?.read(); each && !each.done; each = await reader?.read())
          text += each.value;
        return text;
      };
      return { first, rest: readRest(), cancel: () => reader?.cancel() };
    };
    return { ...testApp, open };
  }

  test('end with their token', async () => {
    const { open, mint, server } = await start();
    const timers = holdLongTimers();
    const exp = Math.ceil(server.clock.now() / 1000) + 2 * 86_400;
    const { first, rest } = await open('ticks', await mint({ exp }));
    expect(first).toContain('{"data":{"ticks":"first"}}');
    expect(timers.expire()).toBeCloseTo(2, 3);
    expect(await rest).toBe('');
  });

  test('require a token and its scopes, and a public one continues', async () => {
    const { open, mint } = await start();
    expect((await open('ticks')).first).toContain('An access token is required');
    expect((await open('scoped', await mint({ scope: 'other' }))).first).toContain('lacks the scope');
    const { first, cancel } = await open('open');
    expect(first).toContain('{"data":{"open":"first"}}');
    await cancel();
  });
});
