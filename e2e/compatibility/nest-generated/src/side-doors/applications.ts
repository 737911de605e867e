import { AccessTokenGuard, getPrincipal } from '@countersign/nest';
import { BullModule } from '@nestjs/bullmq';
import { CacheModule } from '@nestjs/cache-manager';
import type { ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { DevtoolsModule } from '@nestjs/devtools-integration';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { ServeStaticModule } from '@nestjs/serve-static';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { ClsModule } from 'nestjs-cls';
import { type StartOptions } from '../start-application.js';
import { backgroundProviders, WorkController } from './background.js';
import { DocumentedController, PlainController, UserThrottlerGuard } from './handlers.js';

/** What the applications need from outside. */
export interface Resources {
  readonly redisPort: number;
  readonly devtoolsPort: number;
  /** The folder with the static files. */
  readonly folder: string;
}

export interface SideDoorApplication {
  readonly metadata: ModuleMetadata;
  readonly options: Omit<StartOptions, 'adapter'>;
}

/** The modules of jobs, events, commands and queries. */
export const backgroundModules = (redisPort: number): NonNullable<ModuleMetadata['imports']> => [
  ScheduleModule.forRoot(),
  EventEmitterModule.forRoot(),
  CqrsModule.forRoot(),
  BullModule.forRoot({ connection: { host: '127.0.0.1', port: redisPort } }),
  BullModule.registerQueue({ name: 'reports' }),
];

const commonModules = () => [
  TerminusModule,
  CacheModule.register(),
  ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }]),
];

/** Uses each package as the package documents it, without a line for this one. */
export function createPlainApplication(
  { folder, devtoolsPort }: Resources,
  onMiddlewarePrincipal: (principal: unknown) => void,
): SideDoorApplication {
  return {
    metadata: {
      imports: [
        ...commonModules(),
        ServeStaticModule.forRoot({ rootPath: folder }),
        DevtoolsModule.register({ http: true, port: devtoolsPort }),
      ],
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    },
    options: {
      first: [
        ClsModule.forRoot({
          middleware: {
            mount: true,
            generateId: true,
            setup: (_, request) => onMiddlewarePrincipal(getPrincipal(request as object)),
          },
        }),
      ],
    },
  };
}

/** Contains the lines of the documentation. */
export function createDocumentedApplication({
  folder,
  devtoolsPort,
  redisPort,
}: Resources): SideDoorApplication {
  return {
    metadata: {
      imports: [
        ...commonModules(),
        ...backgroundModules(redisPort),
        ServeStaticModule.forRoot({ rootPath: folder, exclude: ['/api/{*path}'] }),
        DevtoolsModule.register({ http: false, port: devtoolsPort }),
      ],
      controllers: [DocumentedController, WorkController],
      providers: [
        ...backgroundProviders,
        // The order of guards: after the guard of this package, the limit applies to each user.
        { provide: APP_GUARD, useExisting: AccessTokenGuard },
        { provide: APP_GUARD, useClass: UserThrottlerGuard },
      ],
    },
    options: {
      auth: { globalGuard: false },
      first: [
        ClsModule.forRoot({
          interceptor: {
            mount: true,
            generateId: true,
            setup: (cls, context) => cls.set('sub', getPrincipal(context)?.sub),
          },
        }),
      ],
    },
  };
}
