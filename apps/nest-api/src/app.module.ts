import { AuthModule, type ReplayStore } from '@countersign/nest';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { HealthController } from './health.controller.ts';
import { ItemsController } from './items/items.controller.ts';
import { ItemsGateway } from './items/items.gateway.ts';
import { ItemsResolver } from './items/items.resolver.ts';
import { ItemsService } from './items/items.service.ts';
import { MeController } from './me.controller.ts';
import { ReportsController } from './reports.controller.ts';
import { RootController } from './root.controller.ts';
import type { Settings } from './settings.ts';

@Module({
  controllers: [RootController, ItemsController, ReportsController, MeController, HealthController],
  providers: [ItemsService, ItemsResolver, ItemsGateway],
})
class AppModule {}

export function createAppModule(
  { issuer, audience, reportsAudience, origin, dpopNonce }: Settings,
  replayStore?: ReplayStore,
): DynamicModule {
  return {
    module: AppModule,
    imports: [
      AuthModule.forRoot({
        issuer,
        audience: [audience, reportsAudience],
        dpop: { origin, ...(replayStore && { replayStore }), ...(dpopNonce && { nonce: {} }) },
        protectedResource: { resource: origin, scopes: ['items:read', 'items:write'] },
        // The demo's provider runs on this machine with plain http.
        allowInsecureIssuer: /^http:\/\/(localhost|127\.0\.0\.1)(:|$)/.test(issuer),
      }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        playground: false,
        introspection: true,
      }),
    ],
  };
}
