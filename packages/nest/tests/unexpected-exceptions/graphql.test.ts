import { ApolloDriver, ApolloFederationDriver } from '@nestjs/apollo';
import {
  GraphQLModule,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, MercuriusFederationDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Policy, Principal, Protected, Public, RequireScopes } from '../../src/index.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  type FaultPoint,
  faultPoints,
  faultyPolicy,
  watchLogs,
} from '../support/fault-points.ts';
import { type GraphQLResult, postQuery } from '../support/graphql/graphql.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

// Fields and references of GraphQL, and operations over a WebSocket. `http.test.ts` has queries over HTTP.

interface Reference {
  readonly id: string;
}

@Resolver('Item')
class ItemsResolver {
  @Public()
  @Query('item')
  item(): Reference {
    return { id: '1' };
  }

  @Protected()
  @ResolveField('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:write')
  @ResolveField('write')
  write(@Principal('sub') sub: string) {
    return sub;
  }

  @Policy(faultyPolicy)
  @ResolveField('policy')
  policy(@Principal('sub') sub: string) {
    return sub;
  }
}

@Resolver('Me')
class MeResolver {
  @ResolveReference()
  resolveReference(_: Reference, @Principal('sub') id: string): Reference {
    return { id };
  }
}

@Resolver('Write')
class WriteResolver {
  @RequireScopes('items:write')
  @ResolveReference()
  resolveReference(_: Reference, @Principal('sub') id: string): Reference {
    return { id };
  }
}

@Resolver('Policy')
class PolicyResolver {
  @Policy(faultyPolicy)
  @ResolveReference()
  resolveReference(_: Reference, @Principal('sub') id: string): Reference {
    return { id };
  }
}

const typeDefs = `
  type Query { item: Item! }
  type Item { id: ID!  me: String  write: String  policy: String }
  type Me @key(fields: "id") { id: ID! }
  type Write @key(fields: "id") { id: ID! }
  type Policy @key(fields: "id") { id: ID! }
`;

@Resolver()
class OperationsResolver {
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

  @Subscription(() => String, { name: 'me' })
  async *mes() {
    yield { me: 'alice' };
  }

  @RequireScopes('items:write')
  @Subscription(() => String, { name: 'write' })
  async *writes() {
    yield { write: 'alice' };
  }

  @Policy(faultyPolicy)
  @Subscription(() => String, { name: 'policy' })
  async *policies() {
    yield { policy: 'alice' };
  }
}

interface Server {
  readonly name: string;
  readonly adapter: Adapter;
  readonly driver: unknown;
  readonly options?: object;
}

const federated: readonly Server[] = [
  { name: 'Apollo', adapter: 'express', driver: ApolloFederationDriver },
  { name: 'Mercurius', adapter: 'fastify', driver: MercuriusFederationDriver },
];

const withConnections: readonly Server[] = [
  {
    name: 'Apollo',
    adapter: 'express',
    driver: ApolloDriver,
    options: { subscriptions: { 'graphql-ws': true } },
  },
  {
    name: 'Mercurius',
    adapter: 'fastify',
    driver: MercuriusDriver,
    options: { subscription: { fullWsTransport: true } },
  },
];

/** The HTTP status for the message of each GraphQL error. */
const statuses: Readonly<Record<string, number>> = {
  'The access token could not be verified': 401,
  'An access token is required': 401,
  'Access tokens cannot be verified at the moment': 503,
  'Internal Server Error': 500,
};

const readStatus = ({ errors }: Pick<GraphQLResult, 'errors'>) =>
  errors ? statuses[errors[0]?.message ?? ''] : 200;

const { lines, listen } = watchLogs();

type Ask = (token?: string) => Promise<GraphQLResult>;

/** Sends operations while the exception is thrown and afterwards, with a token that has the scope of the handler. */
async function expectRejections(
  { adapter, driver, options }: Server,
  faultPoint: FaultPoint,
  {
    providers,
    createAsks,
  }: {
    readonly providers: (new (...args: never[]) => object)[];
    readonly createAsks: (app: Awaited<ReturnType<typeof startApp>>, handler: string) => readonly Ask[];
  },
): Promise<void> {
  const trigger = createExceptionTrigger();
  const imports = [GraphQLModule.forRoot({ driver, ...options } as never)];
  const app = await startApp(
    { imports, providers },
    { adapter, module: createFaultyModule(faultPoint, trigger), before: listen },
  );
  const asks = createAsks(app, faultPoint.handler ?? 'me');
  const token = await app.mint({ scope: 'items:write' });
  trigger.secret = token;
  trigger.armed = true;
  for (const [index, ask] of asks.entries()) {
    const result = await ask(faultPoint.anonymous ? undefined : token);
    expect(readStatus(result)).toBe(faultPoint.status);
    expect(JSON.stringify(result)).not.toContain(exceptionText);
    expect(lines).toHaveLength((faultPoint.lines ?? 1) * (index + 1));
  }
  for (const line of lines) expect(line).not.toContain(token.slice(-20));
  trigger.armed = false;
  // After a failed fetch, keys are fetched again after a pause.
  app.server.clock.advance(60);
  for (const ask of asks) expect(readStatus(await ask(token))).toBe(200);
}

describe.each(federated)('N1: fields and references: $name', (server) => {
  const entities = { me: 'Me', write: 'Write', policy: 'Policy' } as const;
  test.each(faultPoints)('$name: rejects each, logs one line, and handles the next request', (faultPoint) =>
    expectRejections({ ...server, options: { typeDefs } }, faultPoint, {
      providers: [ItemsResolver, MeResolver, WriteResolver, PolicyResolver],
      createAsks: (app, handler) => {
        const name = entities[handler as keyof typeof entities];
        const reference = `_entities(representations: [{ __typename: "${name}", id: "1" }])`;
        return [`{ item { ${handler} } }`, `{ ${reference} { ... on ${name} { id } } }`].map(
          (query) => async (token) => (await postQuery(app, { query, token })).body,
        );
      },
    }),
  );
});

/** Runs an operation on a new connection, and returns its first result. */
const askConnection = (url: string, query: string, token?: string) =>
  new Promise<GraphQLResult>((resolve) => {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      ...(token !== undefined && { connectionParams: { authorization: `Bearer ${token}` } }),
      retryAttempts: 0,
    });
    const settle = (result: unknown) => {
      resolve(result as GraphQLResult);
      void client.dispose();
    };
    client.subscribe(
      { query },
      { next: settle, error: (error) => settle({ errors: [error].flat() }), complete: () => {} },
    );
  });

describe.each(withConnections)('N1: operations of connections: $name', (server) => {
  test.each(faultPoints.filter(({ requestsOnly }) => !requestsOnly))(
    '$name: rejects each, logs one line, and handles the next connection',
    (faultPoint) =>
      expectRejections({ ...server, options: { ...server.options, autoSchemaFile: true } }, faultPoint, {
        providers: [OperationsResolver],
        createAsks: ({ url }, handler) =>
          ['query', 'subscription'].map(
            (kind) => (token) => askConnection(url, `${kind} { ${handler} }`, token),
          ),
      }),
  );
});
