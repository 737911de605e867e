/** The names under which Nest and its packages keep what their decorators say. They are no part of Nest's API. */
export const nestMetadata = {
  guards: '__guards__',
  filters: '__exceptionFilters__',
  routePath: 'path',
  routeMethod: 'method',
  host: 'host',
  version: '__version__',
  modulePath: '__module_path__',
  gateway: 'websockets:is_gateway',
  gatewayOptions: 'websockets:gateway_options',
  messageMapping: 'websockets:message_mapping',
  message: 'message',
  patternHandler: 'microservices:handler_type',
  pattern: 'microservices:pattern',
  transport: 'microservices:transport',
  resolverType: 'graphql:resolver_type',
  resolverName: 'graphql:resolver_name',
  resolverProperty: 'graphql:resolve_property',
  resolverReference: 'graphql:resolve_reference',
} as const;

/** The tokens of providers in a module of `@nestjs/graphql`. */
export const graphqlProviders = { options: 'GqlModuleOptions', schemaHost: 'GraphQLSchemaHost' } as const;
