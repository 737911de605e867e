import { ApolloDriver } from '@nestjs/apollo';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import { Policy, Principal, RequireScopes } from '../../src/index.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  faultyPolicy,
  watchLogs,
} from '../support/fault-points.ts';
import { type Adapter, type StartOptions, startApp } from '../support/start/start-app.ts';

@Controller()
class ItemsController {
  @Get('me')
  me(@Principal('sub') sub: string) {
    return { sub };
  }

  @RequireScopes('items:write')
  @Get('write')
  write(@Principal('sub') sub: string) {
    return { sub };
  }

  @Policy(faultyPolicy)
  @Get('policy')
  policy(@Principal('sub') sub: string) {
    return { sub };
  }
}

@Resolver()
class ItemsResolver {
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:write')
  @Query(() => String)
  write(@Principal('sub') sub: string) {
    return sub;
  }

  @Policy(faultyPolicy)
  @Query(() => String)
  policy(@Principal('sub') sub: string) {
    return sub;
  }
}

interface Context {
  readonly name: string;
  readonly adapter: Adapter;
  readonly graphql?: Parameters<typeof GraphQLModule.forRoot>[0];
}

const contexts: readonly Context[] = [
  { name: 'Express', adapter: 'express' },
  { name: 'Fastify', adapter: 'fastify' },
  { name: 'Apollo on Express', adapter: 'express', graphql: { driver: ApolloDriver, autoSchemaFile: true } },
  { name: 'Apollo on Fastify', adapter: 'fastify', graphql: { driver: ApolloDriver, autoSchemaFile: true } },
  { name: 'Mercurius', adapter: 'fastify', graphql: { driver: MercuriusDriver, autoSchemaFile: true } },
];

const { lines, listen } = watchLogs();

/** The HTTP status for the message of each GraphQL error. */
const statuses: Readonly<Record<string, number>> = {
  'The access token could not be verified': 401,
  'An access token is required': 401,
  'Access tokens cannot be verified at the moment': 503,
  'Internal Server Error': 500,
};

async function start({ adapter, graphql }: Context, options: StartOptions) {
  const testApp = await startApp(
    graphql
      ? { imports: [GraphQLModule.forRoot(graphql)], providers: [ItemsResolver] }
      : { controllers: [ItemsController] },
    {
      adapter,
      ...options,
      before: async (app: INestApplication) => {
        await options.before?.(app);
        listen(app);
      },
    },
  );
  /** Returns the status, and the body and headers as text. */
  const ask = async (handler: string, token?: string) => {
    if (!graphql) {
      const { status, body, headers } = await testApp.call(`/${handler}`, token);
      return { status, output: JSON.stringify([body, ...headers]) };
    }
    const { body, headers } = await testApp.call('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ ${handler} }` }),
    });
    const { errors } = body as { errors?: readonly { message: string }[] };
    const status = errors ? statuses[errors[0]?.message ?? ''] : 200;
    return { status, output: JSON.stringify([body, ...headers]) };
  };
  return { ...testApp, ask };
}

describe.each(contexts)('N1: $name', (context) => {
  test.each(faultPoints)(
    '$name: rejects the request, logs one line, and handles the next request',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { ask, mint, server } = await start(context, { module: createFaultyModule(faultPoint, trigger) });
      const token = await mint({ scope: 'items:write' });
      trigger.secret = token;
      trigger.armed = true;
      const handler = faultPoint.handler ?? 'me';
      const { status, output } = await ask(handler, faultPoint.anonymous ? undefined : token);
      expect(status).toBe(faultPoint.status);
      expect(output).not.toContain(exceptionText);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) {
        expect(line).toContain(context.graphql ? `ItemsResolver.${handler}` : `ItemsController.${handler}`);
        expect(line).not.toContain(token.slice(-20));
      }
      trigger.armed = false;
      // After a failed fetch, keys are fetched again after a pause.
      server.clock.advance(60);
      expect(await ask(handler, token)).toMatchObject({ status: 200 });
    },
  );
});

test.each([
  ['words', 'word '.repeat(1_000_000)],
  ['one word', 'a'.repeat(5_000_000)],
])('N21: shortens an exception whose text is %s of several megabytes in the log', async (_, text) => {
  const trigger = createExceptionTrigger();
  const { ask, mint } = await start(
    { name: 'Express', adapter: 'express' },
    {
      module: createFaultyModule(faultPoints[0] as (typeof faultPoints)[number], trigger),
    },
  );
  trigger.secret = text;
  trigger.armed = true;
  expect(await ask('me', await mint({}))).toMatchObject({ status: 401 });
  expect(lines).toHaveLength(1);
  // 300 characters of the message, and 10 frames of its stack.
  expect(lines[0]?.length).toBeLessThan(5_000);
});
