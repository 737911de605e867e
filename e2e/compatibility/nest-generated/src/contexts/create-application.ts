import { AuthModule, type AuthModuleExtras, rpcCredentials } from '@countersign/nest';
import { ApolloDriver } from '@nestjs/apollo';
import { Module, RequestMethod, type VersioningOptions, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { AppController } from '../app.controller.js';
import { AppService } from '../app.service.js';
import { createGatewayModule } from './gateways.js';
import { CodeFirstModule, SchemaFirstModule } from './graphql.js';
import { HttpModule } from './http.js';
import { MessagesModule } from './messages.js';

export const audience = 'https://api.example.test';

/** The differences between the applications. Together they contain each combination of server, GraphQL driver and WebSocket. */
export interface Variant {
  readonly adapter: 'express' | 'fastify';
  readonly versioning: 'uri' | 'header' | 'media-type';
  readonly codeFirst: 'apollo' | 'mercurius';
  readonly schemaFirst: 'apollo' | 'mercurius';
  readonly webSockets: 'socket.io' | 'ws';
}

/** The addresses of the microservices. NATS is optional. */
export interface Ports {
  readonly webSockets: number;
  readonly grpc: number;
  readonly redis: number;
  readonly nats: number | undefined;
}

export interface ApplicationOptions extends AuthModuleExtras {
  readonly issuer: string;
  readonly ports: Ports;
  readonly onEvent?: (event: { readonly type: string }) => void;
}

const versionings: Readonly<Record<Variant['versioning'], VersioningOptions>> = {
  uri: { type: VersioningType.URI },
  header: { type: VersioningType.HEADER, header: 'x-version' },
  'media-type': { type: VersioningType.MEDIA_TYPE, key: 'v=' },
};

const drivers = {
  apollo: { driver: ApolloDriver, playground: false },
  mercurius: { driver: MercuriusDriver, subscription: { fullWsTransport: true } },
};

/**
 * Checks whether a driver of the application receives subscriptions. `@fastify/websocket`, which Mercurius uses, handles
 * each upgrade of the HTTP server, so Apollo receives none beside Mercurius.
 */
export const hasSubscriptions = (
  driver: Variant['codeFirst'],
  { codeFirst, schemaFirst }: Variant,
): boolean => driver === 'mercurius' || codeFirst === schemaFirst;

const createDriverOptions = (driver: Variant['codeFirst'], variant: Variant) => ({
  ...drivers[driver],
  ...(driver === 'apollo' && hasSubscriptions(driver, variant) && { subscriptions: { 'graphql-ws': true } }),
});

export const grpcOptions = (port: number) => ({
  package: 'items',
  protoPath: 'items.proto',
  url: `127.0.0.1:${port}`,
});

/** Creates a hybrid application with handlers of each context. It is not initialized. */
export async function createApplication(variant: Variant, options: ApplicationOptions) {
  const { issuer, ports, ...extras } = options;

  @Module({
    imports: [
      AuthModule.forRoot({
        issuer,
        audience,
        allowInsecureIssuer: true,
        // Messages of Redis have no headers. With Nest 11 the message contains the token.
        rpcCredentials: (data: unknown, context: unknown) =>
          rpcCredentials(data, context) ?? (data as { authorization?: string } | null)?.authorization,
        ...extras,
      }),
      GraphQLModule.forRoot({
        ...createDriverOptions(variant.codeFirst, variant),
        path: '/graphql/items',
        include: [CodeFirstModule],
        autoSchemaFile: true,
      } as never),
      GraphQLModule.forRoot({
        ...createDriverOptions(variant.schemaFirst, variant),
        path: '/graphql/orders',
        include: [SchemaFirstModule],
        typePaths: ['./orders.graphql'],
      } as never),
      HttpModule,
      CodeFirstModule,
      SchemaFirstModule,
      MessagesModule,
      createGatewayModule(variant.webSockets, ports.webSockets),
    ],
    controllers: [AppController],
    providers: [AppService],
  })
  class EveryContextModule {}

  const app = await NestFactory.create(
    EveryContextModule,
    variant.adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  app.setGlobalPrefix('api', {
    exclude: [{ path: 'health', method: RequestMethod.GET }, 'health/{*path}'],
  });
  app.enableVersioning(versionings[variant.versioning]);
  if (variant.webSockets === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
  const services: MicroserviceOptions[] = [
    { transport: Transport.GRPC, options: grpcOptions(ports.grpc) },
    { transport: Transport.REDIS, options: { host: '127.0.0.1', port: ports.redis } },
    ...(ports.nats === undefined
      ? []
      : [
          {
            transport: Transport.NATS as const,
            options: { servers: [`nats://127.0.0.1:${ports.nats}`] },
          },
        ]),
  ];
  for (const service of services) app.connectMicroservice<MicroserviceOptions>(service);
  return app;
}
