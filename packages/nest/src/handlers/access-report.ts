import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { formatPolicyName } from '../access/access-policy.ts';
import { formatPolicy } from '../access/policy-expression.ts';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { type Coverage, findApplicationConfig, findCoverage, findGuarding } from './coverage.ts';
import {
  federationFields,
  listEntityTypes,
  listGraphqlModules,
  listRootTypes,
  type Schema,
} from './graphql/graphql-modules.ts';
import { formatHandlerName, type Handler, type HandlerTransport } from './handler.ts';
import { listHandlers } from './list-handlers.ts';

/** The requirements of a handler. Members without a requirement are absent. */
export interface AccessRequirement {
  /**
   * - `protected`: a valid access token
   * - `optional`: no token, or a valid one
   * - `public`: nothing
   * - `inherited`: the requirements of the query that leads to the GraphQL field
   * - `unguarded`: the guard of this package does not decide about the handler
   */
  readonly access: 'protected' | 'optional' | 'public' | 'inherited' | 'unguarded';
  /** All of these scopes. */
  readonly scopes?: readonly string[];
  /** One scope of each group. */
  readonly anyScope?: readonly (readonly string[])[];
  /** All of these permissions. */
  readonly permissions?: readonly string[];
  /** One role of each group. */
  readonly roles?: readonly (readonly string[])[];
  /** One authentication context of each group. */
  readonly acr?: readonly (readonly string[])[];
  /** The maximum count of seconds since the login. */
  readonly maxAge?: number;
  /** The names of the functions and classes of `@Policy()`. */
  readonly policies?: readonly string[];
}

/** One address of a handler, and its requirements. */
export interface AccessReportRow {
  /** How clients call the handler. */
  readonly transport: HandlerTransport;
  /** The address of the handler: `GET /items/:id`, `Query.items`, `message items.list`, `gRPC Items/List`. */
  readonly entry: string;
  /** Class and method: `ItemsController.list`. `(schema)` for a GraphQL field that no method of a class resolves. */
  readonly handler: string;
  /** The requirements of the handler. */
  readonly requirement: AccessRequirement;
}

/**
 * Lists every handler of the application and its requirements: routes, GraphQL, gateways and microservices. Compare the
 * list with a snapshot in a test, so that a review shows each handler that becomes reachable.
 *
 * Call it after `app.init()` or `app.listen()`: before that, GraphQL schemas do not exist. The order is stable: by
 * transport, entry (routes by path) and handler. Middleware, such as `app.use()`, is not listed.
 *
 * With `globalGuard: false`, an application starts with handlers that have neither a requirement nor the guard. They accept
 * every request, and their `access` is `unguarded`.
 *
 * @example
 * ```ts
 * test('access to the handlers', async () => {
 *   const app = await NestFactory.create(AppModule);
 *   await app.init();
 *   expect(formatAccessReport(accessReport(app))).toMatchSnapshot();
 * });
 * ```
 */
export function accessReport(app: INestApplicationContext): AccessReportRow[] {
  const modules = app.get(ModulesContainer, { strict: false });
  const config = findApplicationConfig(app.get(ExternalContextCreator, { strict: false }));
  const handlers = listHandlers(modules, { config });
  const coverage = findCoverage(modules, config);
  const rows = [
    ...handlers.flatMap((handler) => {
      const requirement = createRequirement(handler, coverage);
      const name = formatHandlerName(handler);
      return handler.entries.map((entry) => ({
        transport: handler.transport,
        entry,
        handler: name,
        requirement,
      }));
    }),
    ...listGraphqlModules(modules).flatMap(({ executedSchemas, includes }) => {
      const includedHandlers = handlers.filter(({ owner }) => includes(owner));
      return removeDuplicates(
        executedSchemas.flatMap((schema) => listSchemaRows(schema, includedHandlers, coverage)),
      );
    }),
  ];
  return rows.sort((a, b) => compare(toSortKey(a), toSortKey(b)));
}

const transports: readonly HandlerTransport[] = ['http', 'graphql', 'websocket', 'microservice'];

function toSortKey({ transport, entry, handler }: AccessReportRow): string {
  const [method, ...path] = entry.split(' ');
  // Routes are sorted by path, so that the methods of a path are adjacent.
  const key = transport === 'http' ? `${path.join(' ')} ${method}` : entry;
  return [transports.indexOf(transport), key, handler].join(' ');
}

/** Compares by code units: the order does not depend on the locale of the machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function createRequirement(handler: Handler, coverage: Coverage): AccessRequirement {
  const { mode, requirements, policies } = getAccessPolicy(handler.method, handler.owner);
  if (mode === 'public') return { access: 'public' };
  const guardResult = findGuarding(handler, coverage);
  if (guardResult !== 'guarded') return { access: guardResult };
  const { maxAge, ...lists } = requirements;
  return {
    access: mode,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(maxAge !== undefined && { maxAge }),
    ...(policies.length > 0 && {
      policies: policies.map((policy) => formatPolicy(policy, formatPolicyName)),
    }),
  };
}

const removeDuplicates = (rows: readonly AccessReportRow[]): AccessReportRow[] => [
  ...new Map(rows.map((row) => [row.entry, row])).values(),
];

/** Lists the fields that a schema resolves without a method of a resolver class. */
function listSchemaRows(
  schema: Schema,
  handlers: readonly Handler[],
  { everywhere }: Coverage,
): AccessReportRow[] {
  const handledEntries = new Set(handlers.flatMap(({ entries }) => entries));
  const fields = listRootTypes(schema).flatMap(({ name, getFields, ...type }) =>
    Object.keys(getFields?.call({ name, ...type }) ?? {}).map((field) => ({
      field,
      entry: `${name}.${field}`,
    })),
  );
  const references = listEntityTypes(schema).map(({ name }) => ({
    field: name,
    entry: `${federationFields.entities} ${name}`,
  }));
  return [...fields, ...references]
    .filter(({ field, entry }) => field !== federationFields.entities && !handledEntries.has(entry))
    .map(({ field, entry }) => ({
      transport: 'graphql',
      entry,
      handler: '(schema)',
      requirement: {
        access: field === federationFields.service ? 'public' : everywhere ? 'protected' : 'unguarded',
      },
    }));
}

/**
 * Formats the report as a table with one line for each row.
 *
 * @example
 * ```ts
 * console.log(formatAccessReport(accessReport(app)));
 * // http     GET /items   ItemsController.list  protected, scopes items:read
 * // graphql  Query.items  ItemsResolver.items   protected, scopes items:read
 * ```
 */
export function formatAccessReport(report: readonly AccessReportRow[]): string {
  const lines = report.map(({ transport, entry, handler, requirement }) => [
    transport,
    entry,
    handler,
    formatRequirement(requirement),
  ]);
  // The last column is not padded.
  const widths = [0, 1, 2].map((column) => Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function formatRequirement(requirement: AccessRequirement): string {
  const { access, scopes, anyScope = [], permissions, roles = [], acr = [], maxAge, policies } = requirement;
  const formatGroups = (name: string, groups: readonly (readonly string[])[]) =>
    groups.map((group) => `${name} ${group.join(' or ')}`);
  return [
    access,
    ...(scopes ? [`scopes ${scopes.join(' ')}`] : []),
    ...formatGroups('scope', anyScope),
    ...(permissions ? [`permissions ${permissions.join(' ')}`] : []),
    ...formatGroups('role', roles),
    ...formatGroups('acr', acr),
    ...(maxAge !== undefined ? [`max age ${maxAge} s`] : []),
    ...(policies ? [`policies ${policies.join(' ')}`] : []),
  ].join(', ');
}
