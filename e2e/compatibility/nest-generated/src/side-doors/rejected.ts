import { AccessTokenGuard, Principal, RequireScopes } from '@countersign/nest';
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  type ModuleMetadata,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { CommandHandler, EventsHandler, QueryHandler } from '@nestjs/cqrs';
import { OnEvent } from '@nestjs/event-emitter';
import { MessagePattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { Cron, Interval, Timeout } from '@nestjs/schedule';
import { ClsGuard, ClsInterceptor, ClsModule } from 'nestjs-cls';
import { FindItem, RemoveItem } from './background.js';

class ItemRemoved {}

/** Returns the response for one user to another. */
@UseInterceptors(CacheInterceptor)
@Controller('profile')
class ProfileController {
  @Get()
  profile(@Principal('sub') sub: string) {
    return { sub };
  }
}

export const sharedCache: ModuleMetadata = {
  imports: [CacheModule.register()],
  controllers: [ProfileController],
};

@UseGuards(ClsGuard)
@Controller()
class LateContextController {
  @MessagePattern('read')
  read() {}
}

@UseInterceptors(ClsInterceptor)
@Controller()
class InterceptedController {
  @MessagePattern('read')
  read() {}
}

/** A handler of messages that would lose the context of `nestjs-cls`, and one that has it. */
export const lateContext: ModuleMetadata = {
  imports: [ClsModule.forRoot({})],
  controllers: [LateContextController],
};
export const interceptedContext: ModuleMetadata = { ...lateContext, controllers: [InterceptedController] };

/** Makes the application a hybrid one. */
export async function connectMessages(app: INestApplication): Promise<void> {
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options: { port: 0 } });
  await app.startAllMicroservices();
}

/** The decorators of methods and classes that Nest calls without a request, by the name of the class. */
const backgroundDecorators: Readonly<Record<string, { method?: MethodDecorator; type?: ClassDecorator }>> = {
  CronJobs: { method: Cron('0 0 1 1 *') },
  IntervalJobs: { method: Interval(60_000) },
  TimeoutJobs: { method: Timeout(60_000) },
  EventListeners: { method: OnEvent('item.removed') },
  CommandHandlers: { type: CommandHandler(RemoveItem) },
  QueryHandlers: { type: QueryHandler(FindItem) },
  EventHandlers: { type: EventsHandler(ItemRemoved) },
  // A worker of bullmq 5 that runs would delay the end of the process by 30 seconds.
  QueueProcessors: { type: Processor('reports', { autorun: false }) },
};

export const backgroundClassNames = Object.keys(backgroundDecorators).toSorted();

const decorateParameter: MethodDecorator = (target, name) => Principal()(target, name, 0);

/** What the methods and classes cannot have. */
export const backgroundRestrictions: readonly (readonly [
  string,
  { readonly onMethod?: MethodDecorator; readonly onClass?: ClassDecorator },
])[] = [
  ['a requirement on a method', { onMethod: RequireScopes('a') }],
  ['the guard on a class', { onClass: UseGuards(AccessTokenGuard) }],
  ['the user as a parameter', { onMethod: decorateParameter }],
];

/** Creates a provider for each decorator. */
export const createBackgroundProviders = (decorators: (typeof backgroundRestrictions)[number][1]): Type[] =>
  Object.entries(backgroundDecorators).map(([name, { method, type = Injectable() }]) => {
    class Handlers extends WorkerHost {
      async execute(_value?: unknown) {}
      async handle(_value?: unknown) {}
      async process(_value?: unknown) {}
    }
    Object.defineProperty(Handlers, 'name', { value: name });
    for (const each of ['execute', 'handle', 'process'] as const) {
      const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, each) as PropertyDescriptor;
      method?.(Handlers.prototype, each, descriptor);
      decorators.onMethod?.(Handlers.prototype, each, descriptor);
    }
    type(Handlers);
    decorators.onClass?.(Handlers);
    return Handlers;
  });
