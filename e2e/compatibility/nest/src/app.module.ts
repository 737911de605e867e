import { AuthModule } from '@countersign/nest';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { ItemsController } from './items.controller.js';
import { ItemsGateway } from './items.gateway.js';
import { ItemsResolver } from './items.resolver.js';

export const audience = 'https://api.example.test';

@Module({
  imports: [
    AuthModule.forRootAsync({
      useFactory: () => ({
        issuer: process.env.ISSUER ?? '',
        audience,
        allowInsecureIssuer: true,
        rpcCredentials: (data: unknown) => (data as { authorization?: string } | null)?.authorization,
      }),
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      playground: false,
    }),
  ],
  controllers: [ItemsController],
  providers: [ItemsGateway, ItemsResolver],
})
export class AppModule {}
