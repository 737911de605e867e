import { createOperationCall, createRouteCall, createSubscriptionCall } from './calls/http-calls.js';
import {
  type BrokerClient,
  createEventCall,
  createGrpcCall,
  createMessageCall,
  createNatsClient,
  createRedisClient,
} from './calls/message-calls.js';
import type { Call } from './calls/outcome.js';
import { createPlainCall, createSocketIoCall } from './calls/socket-calls.js';
import { hasSubscriptions, type Ports, type Variant } from './contexts/create-application.js';

/** A handler that the access report must contain, and the calls that reach it. */
export interface ExpectedHandler {
  /** Transport, entry and method of the report. */
  readonly row: string;
  readonly requirement: 'protected' | 'protected, scopes items:write' | 'public' | 'inherited';
  /** The names of the calls are shown in messages. */
  readonly calls: Readonly<Record<string, Call>>;
}

const token = 'protected';
const scope = 'protected, scopes items:write';

/** Lists every handler of an application. The list is written by hand, so that it does not repeat an error of the report. */
export function listExpectedHandlers(
  variant: Variant,
  url: string,
  ports: Ports,
): readonly ExpectedHandler[] {
  return [
    ...listRoutes(variant, url),
    ...listOperations(`${url}/graphql/items`, 'ItemsResolver', {
      overWebSocket: hasSubscriptions(variant.codeFirst, variant),
      type: 'Item',
      query: 'items',
      open: 'openItems',
      mutation: 'addItem',
      subscription: 'added',
    }),
    ...listOperations(`${url}/graphql/orders`, 'OrdersResolver', {
      overWebSocket: hasSubscriptions(variant.schemaFirst, variant),
      type: 'Order',
      query: 'orders',
      open: 'openOrders',
      mutation: 'order',
      subscription: 'ordered',
    }),
    ...(variant.webSockets === 'ws'
      ? listPlainMessages(`ws://127.0.0.1:${ports.webSockets}`)
      : listSocketIoMessages(`http://127.0.0.1:${ports.webSockets}`)),
    ...listBrokerMessages({
      Redis: createRedisClient(ports.redis),
      ...(ports.nats !== undefined && { NATS: createNatsClient(ports.nats) }),
    }),
    ...listGrpcMethods(ports.grpc),
  ];
}

function listRoutes({ versioning }: Variant, url: string): ExpectedHandler[] {
  const create = (
    route: string,
    handler: string,
    {
      requirement,
      version,
      host,
    }: Pick<ExpectedHandler, 'requirement'> & { version?: string; host?: string },
  ): ExpectedHandler => {
    const [method, path = ''] = route.split(' ');
    const isInPath = versioning === 'uri';
    const address = version && isInPath ? `${method} ${path.replace('/api', `/api/v${version}`)}` : route;
    const headers: Record<string, string> = {
      ...(host && { host }),
      ...(version && versioning === 'header' && { 'x-version': version }),
      ...(version && versioning === 'media-type' && { accept: `application/json;v=${version}` }),
    };
    const details = [
      ...(host ? [` (host ${host})`] : []),
      ...(isInPath || route === 'GET /api' ? [] : [` (version ${version ?? 'neutral'})`]),
    ].join('');
    return {
      row: `http ${address}${details} ${handler}`,
      requirement,
      calls: { [address]: createRouteCall(url, address, headers) },
    };
  };
  const first = { version: '1' };
  return [
    create('GET /api', 'AppController.getHello', { requirement: 'public' }),
    create('GET /api/items', 'ItemsController.list', { ...first, requirement: token }),
    create('POST /api/items', 'ItemsController.add', { ...first, requirement: scope }),
    create('GET /api/items/open', 'ItemsController.open', { ...first, requirement: 'public' }),
    create('GET /api/items/file', 'ItemsController.file', { ...first, requirement: token }),
    create('GET /api/items/secret-file', 'ItemsController.secretFile', { ...first, requirement: scope }),
    create('GET /api/items/events', 'ItemsController.events', { ...first, requirement: token }),
    create('GET /api/items/secret-events', 'ItemsController.secretEvents', { ...first, requirement: scope }),
    create('GET /api/items', 'NextItemsController.list', { version: '2', requirement: scope }),
    create('GET /health', 'HealthController.check', { requirement: 'public' }),
    create('GET /health/details', 'HealthController.details', { requirement: token }),
    create('GET /api/hosted', 'PartnersController.list', {
      host: 'partners.example.test',
      requirement: scope,
    }),
    create('GET /api/admin/users', 'UsersController.list', { requirement: token }),
    create('POST /api/admin/users', 'UsersController.add', { requirement: scope }),
    create('GET /api/lazy', 'LazyController.load', { requirement: scope }),
  ];
}

interface Operations {
  readonly overWebSocket: boolean;
  readonly type: string;
  readonly query: string;
  readonly open: string;
  readonly mutation: string;
  readonly subscription: string;
}

function listOperations(
  url: string,
  resolver: string,
  { overWebSocket, type, query, open, mutation, subscription }: Operations,
): ExpectedHandler[] {
  const create = (
    entry: string,
    text: string,
    requirement: ExpectedHandler['requirement'],
  ): ExpectedHandler => ({
    row: `graphql ${entry} ${resolver}.${entry.split('.')[1]}`,
    requirement,
    calls: {
      ...(overWebSocket && { [`${text} over a WebSocket`]: createSubscriptionCall(url, text) }),
      ...(!text.startsWith('subscription') && { [text]: createOperationCall(url, text) }),
    },
  });
  return [
    create(`Query.${query}`, `{ ${query} { id } }`, token),
    create(`Query.${open}`, `{ ${open} }`, 'public'),
    create(`Mutation.${mutation}`, `mutation { ${mutation} }`, scope),
    create(`Subscription.${subscription}`, `subscription { ${subscription} }`, scope),
    create(`${type}.owner`, `{ ${query} { owner } }`, 'inherited'),
    create(`${type}.price`, `{ ${query} { price } }`, scope),
  ];
}

const listSocketIoMessages = (url: string): ExpectedHandler[] =>
  (
    [
      ['list', token],
      ['add', scope],
      ['open', 'public'],
    ] as const
  ).map(([event, requirement]) => ({
    row: `websocket ${event} SocketIoGateway.${event}`,
    requirement,
    calls: { [`socket.io ${event}`]: createSocketIoCall(url, event) },
  }));

const listPlainMessages = (url: string): ExpectedHandler[] =>
  (
    [
      ['list', token],
      ['add', scope],
    ] as const
  ).map(([event, requirement]) => ({
    row: `websocket ${event} PlainGateway.${event}`,
    requirement,
    calls: { [`WebSocket ${event}`]: createPlainCall(url, event) },
  }));

function listBrokerMessages(brokers: Readonly<Record<string, BrokerClient>>): ExpectedHandler[] {
  const callAll = (create: (client: BrokerClient) => Call) =>
    Object.fromEntries(Object.entries(brokers).map(([name, client]) => [name, create(client)]));
  const messages = [
    ['list', 'list', 'list', token],
    ['{"command":"add"}', 'add', { command: 'add' }, scope],
    ['open', 'open', 'open', 'public'],
  ] as const;
  const events = [
    ['changed', token],
    ['removed', scope],
  ] as const;
  return [
    ...messages.map(([entry, method, pattern, requirement]) => ({
      row: `microservice message ${entry} MessagesController.${method}`,
      requirement,
      calls: callAll((client) => createMessageCall(client, pattern)),
    })),
    ...events.map(([pattern, requirement]) => ({
      row: `microservice event ${pattern} MessagesController.${pattern}`,
      requirement,
      calls: callAll((client) => createEventCall(client, pattern)),
    })),
  ];
}

const listGrpcMethods = (port: number): ExpectedHandler[] =>
  (
    [
      ['List', 'list', token],
      ['Add', 'add', scope],
      ['Open', 'open', 'public'],
      ['Watch', 'watch', scope],
    ] as const
  ).map(([name, method, requirement]) => ({
    row: `microservice gRPC Items/${name} CallsController.${method}`,
    requirement,
    calls: { [`gRPC ${name}`]: createGrpcCall(port, method) },
  }));
