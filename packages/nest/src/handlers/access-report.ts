import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { accessPolicyOf } from '../access/access-policy.ts';
import { applicationConfigOf, type Coverage, coverageOf, guardingOf } from './coverage.ts';
import {
  entityTypesOf,
  federationFields,
  graphqlModulesOf,
  rootTypesOf,
  type Schema,
} from './graphql/graphql-modules.ts';
import { type Handler, type HandlerTransport, handlerName } from './handler.ts';
import { listHandlers } from './list-handlers.ts';

/** What a caller of a handler needs. Members that ask for nothing are absent. */
export interface AccessRequirement {
  /**
   * `protected`: a valid access token. `optional`: none, or a valid one. `public`: nothing. `with query`: what the query
   * needs that leads to the field. `unguarded`: the guard of this package does not decide about the handler.
   */
  readonly access: 'protected' | 'optional' | 'public' | 'with query' | 'unguarded';
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
  /** Seconds since the login, at most. */
  readonly maxAge?: number;
  /** Names of the functions and classes of `@Policy()`. */
  readonly policies?: readonly string[];
}

/** One way to reach a handler, and what a caller needs for it. */
export interface AccessReportRow {
  /** How callers reach the handler. */
  readonly transport: HandlerTransport;
  /** What callers address: `GET /items/:id`, `Query.items`, `message items.list`, `gRPC Items/List`. */
  readonly entry: string;
  /** Class and method: `ItemsController.list`. `(schema)` for what GraphQL resolves without a method of a class. */
  readonly handler: string;
  /** What a caller needs. */
  readonly requirement: AccessRequirement;
}

/**
 * Lists every handler of the application and what a caller needs for it: routes, GraphQL, gateways and microservices.
 * Compare it with a snapshot in a test, and no handler becomes reachable unseen.
 *
 * The order is stable: by transport, entry (routes by path) and handler. Call it after `app.init()` or `app.listen()`; before that,
 * GraphQL schemas are not built. Handlers of middleware, such as `app.use()`, are not part of Nest and are not listed.
 *
 * @example
 * ```ts
 * test('what callers need', async () => {
 *   const app = await NestFactory.create(AppModule);
 *   await app.init();
 *   expect(formatAccessReport(accessReport(app))).toMatchSnapshot();
 * });
 * ```
 */
export function accessReport(app: INestApplicationContext): AccessReportRow[] {
  const modules = app.get(ModulesContainer, { strict: false });
  const config = applicationConfigOf(app.get(ExternalContextCreator, { strict: false }));
  const handlers = listHandlers(modules, { config });
  const coverage = coverageOf(modules, config);
  const rows = [
    ...handlers.flatMap((handler) => {
      const requirement = requirementOf(handler, coverage);
      const name = handlerName(handler);
      return handler.entries.map((entry) => ({
        transport: handler.transport,
        entry,
        handler: name,
        requirement,
      }));
    }),
    ...graphqlModulesOf(modules).flatMap(({ schema }) =>
      schema ? schemaRows(schema, handlers, coverage) : [],
    ),
  ];
  return rows.sort((a, b) => compare(sortKey(a), sortKey(b)));
}

const transports: readonly HandlerTransport[] = ['http', 'graphql', 'websocket', 'microservice'];
function sortKey({ transport, entry, handler }: AccessReportRow): string {
  const [method, ...path] = entry.split(' ');
  // Routes by their path, so that the methods of one path stand together.
  const key = transport === 'http' ? `${path.join(' ')} ${method}` : entry;
  return [transports.indexOf(transport), key, handler].join(' ');
}
// By code units: the order does not depend on the language of the machine.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function requirementOf(handler: Handler, coverage: Coverage): AccessRequirement {
  const { mode, requirements, policies } = accessPolicyOf(handler.method, handler.owner);
  if (mode === 'public') return { access: 'public' };
  const guarding = guardingOf(handler, coverage);
  if (guarding !== 'guarded') return { access: guarding };
  const { maxAge, ...lists } = requirements;
  return {
    access: mode,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(maxAge !== undefined && { maxAge }),
    ...(policies.length > 0 && { policies: policies.map(({ name }) => name || '(anonymous)') }),
  };
}

/** What a schema resolves without a method of a resolver class. */
function schemaRows(
  schema: Schema,
  handlers: readonly Handler[],
  { everywhere }: Coverage,
): AccessReportRow[] {
  const covered = new Set(handlers.flatMap(({ entries }) => entries));
  const fields = rootTypesOf(schema).flatMap(({ name, getFields, ...type }) =>
    Object.keys(getFields?.call({ name, ...type }) ?? {}).map((field) => ({
      field,
      entry: `${name}.${field}`,
    })),
  );
  const references = entityTypesOf(schema).map(({ name }) => ({
    field: name,
    entry: `${federationFields.entities} ${name}`,
  }));
  return [...fields, ...references]
    .filter(({ field, entry }) => field !== federationFields.entities && !covered.has(entry))
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
 * The report as a table for people, one line for each row.
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
    requirementText(requirement),
  ]);
  // The last column is not padded.
  const widths = [0, 1, 2].map((column) => Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function requirementText(requirement: AccessRequirement): string {
  const { access, scopes, anyScope = [], permissions, roles = [], acr = [], maxAge, policies } = requirement;
  const oneOf = (name: string, groups: readonly (readonly string[])[]) =>
    groups.map((group) => `${name} ${group.join(' or ')}`);
  return [
    access,
    ...(scopes ? [`scopes ${scopes.join(' ')}`] : []),
    ...oneOf('scope', anyScope),
    ...(permissions ? [`permissions ${permissions.join(' ')}`] : []),
    ...oneOf('role', roles),
    ...oneOf('acr', acr),
    ...(maxAge !== undefined ? [`max age ${maxAge} s`] : []),
    ...(policies ? [`policies ${policies.join(' ')}`] : []),
  ].join(', ');
}
