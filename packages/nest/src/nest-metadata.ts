/** The metadata keys of Nest's decorators. They are not part of Nest's public API. */
export const nestMetadata = {
  guards: '__guards__',
  interceptors: '__interceptors__',
  filters: '__exceptionFilters__',
  sse: '__sse__',
  responseHeaders: '__headers__',
  routePath: 'path',
  routeMethod: 'method',
  httpCode: '__httpCode__',
  host: 'host',
  version: '__version__',
  modulePath: '__module_path__',
  gateway: 'websockets:is_gateway',
  gatewayOptions: 'websockets:gateway_options',
  gatewayServer: 'websockets:is_socket',
  messageMapping: 'websockets:message_mapping',
  message: 'message',
  patternHandler: 'microservices:handler_type',
  pattern: 'microservices:pattern',
  transport: 'microservices:transport',
  resolverType: 'graphql:resolver_type',
  resolverName: 'graphql:resolver_name',
  resolverProperty: 'graphql:resolve_property',
  resolverReference: 'graphql:resolve_reference',
  parameterTypes: 'design:paramtypes',
  parameters: '__routeArguments__',
  injectedParameters: 'self:paramtypes',
  injectedProperties: 'self:properties_metadata',
} as const;

/** The metadata keys of `@nestjs/swagger`. */
export const swaggerMetadata = {
  security: 'swagger/apiSecurity',
  responses: 'swagger/apiResponse',
  /** The static method of a class that returns the metadata of the compiler plugin. */
  pluginMetadata: '_OPENAPI_METADATA_FACTORY',
} as const;

/** The metadata key of `@nestjs/cache-manager`, and its injection token of the cache. */
export const cacheManagerMetadata = {
  key: 'cache_module:cache_key',
  cache: 'CACHE_MANAGER',
  adapter: 'httpAdapterHost',
} as const;

/** The metadata keys of methods that `@nestjs/event-emitter`, `@nestjs/schedule` and `@nestjs/bullmq` call. */
export const backgroundMetadata = [
  'EVENT_LISTENER_METADATA',
  'SCHEDULER_TYPE',
  'bullmq:worker_events_metadata',
  'bullmq:queue_events_metadata',
] as const;

/** The injection tokens of the options of `nestjs-cls`. They are texts, which bundlers do not rename. */
export const clsMetadata = {
  guard: 'ClsGuardOptions',
  interceptor: 'ClsInterceptorOptions',
  middleware: 'ClsMiddlewareOptions',
} as const;

/** Nest's `PatternHandler.EVENT`: the handler of `@EventPattern()`. */
export const eventPatternHandler = 2;

/** Nest's `Transport.GRPC`. */
export const grpcTransport = 4;

/** The injection token of the options in a module of `@nestjs/graphql`. It is a text, which bundlers do not rename. */
export const graphqlProviders = { options: 'GqlModuleOptions' } as const;
