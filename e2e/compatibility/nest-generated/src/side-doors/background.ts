import { CurrentPrincipal, Principal, RequireScopes } from '@countersign/nest';
import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Inject, Injectable, Post, Scope } from '@nestjs/common';
import { CommandBus, CommandHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { Cron } from '@nestjs/schedule';
import type { Job, Queue } from 'bullmq';

/** What the methods that Nest calls without a request have received: their data and the principal. */
export const received: { listener: (line: string) => void } = { listener: () => {} };

const report = (name: string, sub: unknown, principal?: CurrentPrincipal) =>
  received.listener(`${name} of ${String(sub)}, principal ${String(principal?.value?.sub)}`);

export class RemoveItem {
  constructor(readonly sub: string) {}
}

export class FindItem {
  constructor(readonly sub: string) {}
}

@Injectable()
export class Jobs {
  @Cron('0 0 1 1 *', { name: 'job' })
  run(...args: unknown[]) {
    report(
      'job',
      args.find((each) => typeof each === 'object' && each !== null && 'sub' in each),
    );
  }
}

@Injectable({ scope: Scope.REQUEST })
export class ItemEvents {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  @OnEvent('item.removed')
  handle(payload: { sub: string }) {
    report('event', payload.sub, this.principal);
  }
}

@CommandHandler(RemoveItem, { scope: Scope.REQUEST })
export class RemoveItemHandler {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  async execute(command: RemoveItem) {
    report('command', command.sub, this.principal);
  }
}

@QueryHandler(FindItem, { scope: Scope.REQUEST })
export class FindItemHandler {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  async execute(query: FindItem) {
    report('query', query.sub, this.principal);
  }
}

@Processor({ name: 'reports', scope: Scope.REQUEST })
export class ReportsProcessor extends WorkerHost {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {
    super();
  }

  async process(job: Job<{ sub: string }>) {
    report('queue', job.data.sub, this.principal);
  }
}

/** The handlers that are guarded, and pass the user as data. */
@RequireScopes('work:write')
@Controller('api/work')
export class WorkController {
  constructor(
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(QueryBus) private readonly queries: QueryBus,
    @InjectQueue('reports') private readonly queue: Queue<{ sub: string }>,
  ) {}

  @Post('event')
  async event(@Principal('sub') sub: string) {
    await this.events.emitAsync('item.removed', { sub });
  }

  @Post('command')
  async command(@Principal('sub') sub: string) {
    await this.commands.execute(new RemoveItem(sub));
  }

  @Post('query')
  async query(@Principal('sub') sub: string) {
    await this.queries.execute(new FindItem(sub));
  }

  @Post('queue')
  async job(@Principal('sub') sub: string) {
    await this.queue.add('report', { sub });
  }
}

export const backgroundProviders = [Jobs, ItemEvents, RemoveItemHandler, FindItemHandler, ReportsProcessor];
