import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Get, Injectable, type ModuleMetadata, type Type } from '@nestjs/common';
import { CommandHandler, CqrsModule, EventsHandler, QueryHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, test } from 'vitest';
import { BearerToken, Claims, Principal } from '../../src/index.ts';
import { type Adapter, adapters, startApp } from '../support/start/start-app.ts';

// Nest sets no parameters of methods that it calls without a request: they receive what the caller passes.

class RemoveItem {}
class FindItem {}
class ItemRemoved {}

@Injectable()
class CronJobs {
  @Cron('0 0 1 1 *')
  run(@Principal() _: unknown) {}
}

@Injectable()
class IntervalJobs {
  @Interval(60_000)
  run(@Principal('sub') _: unknown) {}
}

@Injectable()
class TimeoutJobs {
  @Timeout(60_000)
  run(@Claims() _: unknown) {}
}

@Injectable()
class EventListeners {
  @OnEvent('item.removed')
  run(_: unknown, @BearerToken() __: unknown) {}
}

@CommandHandler(RemoveItem)
class CommandHandlers {
  async execute(_: RemoveItem, @Principal() __: unknown) {}
}

@QueryHandler(FindItem)
class QueryHandlers {
  async execute(_: FindItem, @Principal() __: unknown) {}
}

@EventsHandler(ItemRemoved)
class EventHandlers {
  handle(_: ItemRemoved, @Principal() __: unknown) {}
}

@Processor('reports')
class QueueProcessors extends WorkerHost {
  override async process(_: unknown, @Principal() __?: unknown) {}
}

@Processor('reports')
class WorkerListeners extends WorkerHost {
  override async process() {}

  @OnWorkerEvent('completed')
  run(@Principal() _: unknown) {}
}

@WebSocketGateway()
class Gateways {
  handleConnection(@Principal() _: unknown) {}
}

@Controller('inherited')
class ListenerControllers {
  @Get()
  list(@Principal('sub') sub: string) {
    return { sub };
  }

  @OnEvent('item.removed')
  run(@Principal() _: unknown) {}
}

@Injectable()
class InheritedListeners extends EventListeners {}

@Injectable()
class Services {
  run(@Principal() _: unknown) {}
}

/** The classes, with the method and the decorator that the message must name, and a part of the remedy. */
const rejectedClasses: readonly (readonly [Type, string, string, string])[] = [
  [CronJobs, 'run', '@Principal()', 'Pass the user as an argument or as data'],
  [IntervalJobs, 'run', '@Principal()', 'Pass the user as an argument or as data'],
  [TimeoutJobs, 'run', '@Claims()', 'Pass the user as an argument or as data'],
  [EventListeners, 'run', '@BearerToken()', 'Pass the user as an argument or as data'],
  [CommandHandlers, 'execute', '@Principal()', 'Pass the user as an argument or as data'],
  [QueryHandlers, 'execute', '@Principal()', 'Pass the user as an argument or as data'],
  [EventHandlers, 'handle', '@Principal()', 'Pass the user as an argument or as data'],
  [QueueProcessors, 'process', '@Principal()', 'Pass the user as an argument or as data'],
  [WorkerListeners, 'run', '@Principal()', 'Pass the user as an argument or as data'],
  [Gateways, 'handleConnection', '@Principal()', 'Call authenticate() of ConnectionAuthenticator'],
  [ListenerControllers, 'run', '@Principal()', 'Pass the user as an argument or as data'],
  [InheritedListeners, 'run', '@BearerToken()', 'Pass the user as an argument or as data'],
  [Services, 'run', '@Principal()', 'Pass the user as an argument or as data'],
];

const start = (adapter: Adapter, { imports = [], ...metadata }: ModuleMetadata) =>
  startApp(
    {
      imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot(), CqrsModule.forRoot(), ...imports],
      ...metadata,
    },
    { adapter },
  );

describe.each(adapters)('parameters of methods without a request on %s', (adapter) => {
  test.each(rejectedClasses.map(([type, ...rest]) => [type.name, type, ...rest] as const))(
    'N13: an application with a parameter of the user in %s does not start',
    async (name, type, method, decorator, remedy) => {
      const isController = type === ListenerControllers;
      const error = await start(adapter, {
        controllers: isController ? [type] : [],
        providers: isController ? [] : [type],
      }).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'unguarded_handler' });
      const { message } = error as Error;
      expect(message).toContain(`${name}.${method} has a parameter with ${decorator}`);
      expect(message).toContain(remedy);
      expect(message.split('\n')).toHaveLength(1);
    },
  );

  test('N13: an application does not start with a handler that is also a listener of events', async () => {
    @Controller('items')
    class ItemsController {
      @OnEvent('item.listed')
      @Get()
      list(@Principal() principal: unknown) {
        return principal;
      }
    }
    await expect(start(adapter, { controllers: [ItemsController] })).rejects.toMatchObject({
      code: 'unguarded_handler',
      message: expect.stringMatching(
        /^ItemsController\.list .*Use a separate method for the job or the event/,
      ),
    });
  });

  test('a controller starts with an inherited method that it does not expose', async () => {
    abstract class CrudController {
      list(@Principal('sub') sub: string) {
        return { sub };
      }

      remove(@Principal() principal: unknown) {
        return principal;
      }
    }

    @Controller('items')
    class ItemsController extends CrudController {
      @Get()
      override list(@Principal('sub') sub: string) {
        return super.list(sub);
      }
    }
    const { call, mint } = await start(adapter, { controllers: [ItemsController] });
    expect(await call('/items', await mint({ sub: 'bob' }))).toMatchObject({ body: { sub: 'bob' } });
  });

  test('N13: an application does not start with an inherited listener or connection hook', async () => {
    abstract class ListenerBase {
      @OnEvent('item.removed')
      run(@Principal() _: unknown) {}
    }
    @Controller('items')
    class ItemsController extends ListenerBase {
      @Get()
      list() {
        return [];
      }
    }
    @WebSocketGateway()
    class InheritedGateways extends Gateways {
      @SubscribeMessage('list')
      list() {
        return [];
      }
    }
    const rejection = (name: string) => ({
      code: 'unguarded_handler',
      message: expect.stringContaining(`${name} has a parameter with @Principal()`),
    });
    await expect(start(adapter, { controllers: [ItemsController] })).rejects.toMatchObject(
      rejection('ItemsController.run'),
    );
    await expect(start(adapter, { providers: [InheritedGateways] })).rejects.toMatchObject(
      rejection('InheritedGateways.handleConnection'),
    );
  });

  test('an override without the decorator, and a handler in the same class as a listener, start', async () => {
    const seen: unknown[] = [];

    @Injectable()
    class OverridingListeners extends EventListeners {
      @OnEvent('item.removed')
      override run(payload: unknown) {
        seen.push(payload);
      }
    }

    @Controller('items')
    class ItemsController {
      @Get()
      list(@Principal('sub') sub: string) {
        return { sub };
      }

      @OnEvent('item.removed')
      handle(payload: unknown) {
        seen.push(payload);
      }
    }
    const { app, call, mint } = await start(adapter, {
      controllers: [ItemsController],
      providers: [OverridingListeners],
    });
    expect(await call('/items', await mint({ sub: 'bob' }))).toMatchObject({ body: { sub: 'bob' } });
    await app.get(EventEmitter2).emitAsync('item.removed', 'item');
    expect(seen).toEqual(['item', 'item']);
  });
});
