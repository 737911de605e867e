import {
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import {
  AsyncContext,
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventsHandler,
  QueryHandler,
} from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  AccessTokenGuard,
  accessReport,
  CurrentPrincipal,
  Principal,
  RequireScopes,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

// Methods that Nest calls without a request: jobs of a schedule, events, commands and queries.

class RemoveItem {
  constructor(readonly sub: string) {}
}
class FindItem {}
class ItemRemoved {}

/** What the methods have seen. */
let seen: unknown[] = [];
beforeEach(() => {
  seen = [];
});

@Injectable()
class Jobs {
  @Cron('0 0 1 1 *', { name: 'job' })
  run(...args: unknown[]) {
    seen.push(args);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ItemEvents {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  @OnEvent('item.removed')
  handle(payload: unknown) {
    seen.push(payload, this.principal.value);
  }
}

@CommandHandler(RemoveItem, { scope: Scope.REQUEST })
class RemoveItemHandler {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  async execute({ sub }: RemoveItem) {
    seen.push(sub, this.principal.value);
  }
}

/** The context of commands that have the user of a request. */
class RequestContext extends AsyncContext {
  constructor(readonly req: object) {
    super();
  }
}

@Controller()
class ItemsController {
  constructor(
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
    @Inject(CommandBus) private readonly commands: CommandBus,
  ) {}

  @Get('event')
  async event(@Principal('sub') sub: string) {
    await this.events.emitAsync('item.removed', { sub });
    return { sub };
  }

  @Get('command')
  async command(@Principal('sub') sub: string) {
    await this.commands.execute(new RemoveItem(sub));
    return { sub };
  }
}

@Controller('context')
class ContextController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject('REQUEST') private readonly request: object,
  ) {}

  @Get()
  async command(@Principal('sub') sub: string) {
    await this.commands.execute(new RemoveItem(sub), new RequestContext(this.request));
    return { sub };
  }
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
};

/** Creates a provider with the decorators of another package and one of this package. */
function createProvider(
  name: string,
  { method = () => {}, type = Injectable() }: { method?: MethodDecorator; type?: ClassDecorator },
  { decorate, isOnClass }: { decorate: MethodDecorator & ClassDecorator; isOnClass: boolean },
): Type {
  class Handlers {
    execute() {}
    handle() {}
  }
  Object.defineProperty(Handlers, 'name', { value: name });
  for (const each of ['execute', 'handle'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, each) as PropertyDescriptor;
    method(Handlers.prototype, each, descriptor);
    if (!isOnClass) decorate(Handlers.prototype, each, descriptor);
  }
  type(Handlers);
  if (isOnClass) decorate(Handlers);
  return Handlers;
}

const modules = () => [ScheduleModule.forRoot(), EventEmitterModule.forRoot(), CqrsModule.forRoot()];

describe.each(adapters)('@nestjs/schedule, @nestjs/event-emitter and @nestjs/cqrs on %s', (adapter) => {
  const start = () =>
    startApp(
      {
        imports: modules(),
        controllers: [ItemsController, ContextController],
        providers: [Jobs, ItemEvents, RemoveItemHandler],
      },
      { adapter },
    );

  test('their methods have no row in the access report, because no client can call them', async () => {
    const { app } = await start();
    expect(accessReport(app).map(({ handler }) => handler)).toEqual([
      'ItemsController.command',
      'ContextController.command',
      'ItemsController.event',
    ]);
  });

  test('a job runs without a request and without a principal', async () => {
    const { app } = await start();
    await app.get(SchedulerRegistry).getCronJob('job').fireOnTick();
    expect(seen).toHaveLength(1);
    expect(seen.flat()).not.toContainEqual(expect.objectContaining({ sub: expect.anything() }));
  });

  test('an event has the user that the guarded handler passes, and no other principal', async () => {
    const { call, mint } = await start();
    expect((await call('/event')).status).toBe(401);
    expect(seen).toEqual([]);
    expect((await call('/event', await mint({ sub: 'bob' }))).status).toBe(200);
    expect(seen).toEqual([{ sub: 'bob' }, undefined]);
  });

  test('a command has the user that the guarded handler passes, and no other principal', async () => {
    const { call, mint } = await start();
    expect((await call('/command')).status).toBe(401);
    expect(seen).toEqual([]);
    expect((await call('/command', await mint({ sub: 'bob' }))).status).toBe(200);
    expect(seen).toEqual(['bob', undefined]);
  });

  test('a command has the principal of the request that its context contains as "req"', async () => {
    const { call, mint } = await start();
    expect((await call('/context', await mint({ sub: 'bob' }))).status).toBe(200);
    expect(seen).toEqual(['bob', expect.objectContaining({ sub: 'bob' })]);
  });

  test.each([
    ['a requirement on a method', RequireScopes('a'), false],
    ['a requirement on a class', RequireScopes('a'), true],
    ['the guard on a method', UseGuards(AccessTokenGuard), false],
    ['the guard on a class', UseGuards(AccessTokenGuard), true],
  ])('N13: an application with %s does not start', async (_, decorate, isOnClass) => {
    const providers = Object.entries(backgroundDecorators).map(([name, decorators]) =>
      createProvider(name, decorators, { decorate, isOnClass }),
    );
    const error = await startApp({ imports: modules(), providers }, { adapter }).catch(
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ code: 'unguarded_handler' });
    const named = new Set((error as Error).message.split('\n').map((line) => line.split(/[ .]/)[0]));
    expect([...named].toSorted()).toEqual(Object.keys(backgroundDecorators).toSorted());
  });

  test('N13: an application with a guarded controller that has such methods starts', async () => {
    @UseGuards(AccessTokenGuard)
    @Controller('notes')
    class NotesController {
      @Get()
      list() {
        return [];
      }

      @OnEvent('note.added')
      handle(payload: unknown) {
        seen.push(payload);
      }
    }
    const { app, call } = await startApp({ imports: modules(), controllers: [NotesController] }, { adapter });
    await app.get(EventEmitter2).emitAsync('note.added', 'note');
    expect(seen).toEqual(['note']);
    expect((await call('/notes')).status).toBe(401);
  });

  test('N13: a guard that decides about other contexts itself is accepted', async () => {
    @Injectable()
    class OtherContextsGuard extends AccessTokenGuard {
      override async canActivate(context: ExecutionContext) {
        return context.getType<string>() === 'other' || super.canActivate(context);
      }
    }
    const provider = createProvider(
      'Listeners',
      {},
      { decorate: UseGuards(OtherContextsGuard), isOnClass: true },
    );
    await startApp({ providers: [provider] }, { adapter });
  });
});
