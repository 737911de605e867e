import { AuthModule, rpcCredentials } from '@countersign/nest';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ItemsController } from './items.controller.js';
import { ItemsGateway, PlainItemsGateway } from './items.gateway.js';
import { ItemsResolver } from './items.resolver.js';

export const audience = 'https://api.example.test';

const auth = AuthModule.forRootAsync({
  useFactory: () => ({
    issuer: process.env.ISSUER ?? '',
    audience,
    allowInsecureIssuer: true,
    // On Nest 11, messages over TCP contain the token. gRPC calls use metadata.
    rpcCredentials: (data: unknown, context: unknown) =>
      rpcCredentials(data, context) ?? (data as { authorization?: string } | null)?.authorization,
  }),
});

@Module({
  imports: [
    auth,
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      playground: false,
      subscriptions: { 'graphql-ws': true },
    }),
  ],
  controllers: [ItemsController],
  providers: [ItemsGateway, ItemsResolver],
})
export class AppModule {}

/** An application uses one kind of WebSocket. */
@Module({ imports: [auth], providers: [PlainItemsGateway] })
export class PlainWebSocketModule {}
