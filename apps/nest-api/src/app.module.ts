import { AuthModule } from '@countersign/nest';
import { type DynamicModule, Module } from '@nestjs/common';
import { HealthController } from './health.controller.ts';
import { ItemsController } from './items/items.controller.ts';
import { ItemsService } from './items/items.service.ts';
import { MeController } from './me.controller.ts';
import type { Settings } from './settings.ts';

@Module({ controllers: [HealthController, MeController, ItemsController], providers: [ItemsService] })
class AppModule {}

export function appModule({ issuer, audience }: Settings): DynamicModule {
  return {
    module: AppModule,
    imports: [
      AuthModule.forRoot({
        issuer,
        audience,
        // Only because the demonstration's provider is on this machine.
        allowInsecureIssuer: issuer.startsWith('http://localhost'),
      }),
    ],
  };
}
