import { Public, RequireScopes } from '@countersign/nest';
import { Controller, Module } from '@nestjs/common';
import { EventPattern, GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { of } from 'rxjs';

/** Each handled event. The check waits for it. */
export const handledEvents: { listener: (pattern: string) => void } = { listener: () => {} };

@Controller()
export class MessagesController {
  @MessagePattern('list')
  list() {
    return { text: 'alice' };
  }

  @RequireScopes('items:write')
  @MessagePattern({ command: 'add' })
  add() {
    return { text: 'alice' };
  }

  @Public()
  @MessagePattern('open')
  open() {
    return { text: 'open' };
  }

  @EventPattern('changed')
  changed(_data: unknown) {
    handledEvents.listener('changed');
  }

  @RequireScopes('items:write')
  @EventPattern('removed')
  removed(_data: unknown) {
    handledEvents.listener('removed');
  }
}

@Controller()
export class CallsController {
  @GrpcMethod('Items', 'List')
  list() {
    return { text: 'alice' };
  }

  @RequireScopes('items:write')
  @GrpcMethod('Items', 'Add')
  add() {
    return { text: 'alice' };
  }

  @Public()
  @GrpcMethod('Items', 'Open')
  open() {
    return { text: 'open' };
  }

  @RequireScopes('items:write')
  @GrpcMethod('Items', 'Watch')
  watch() {
    return of({ text: 'alice' });
  }
}

@Module({ controllers: [MessagesController, CallsController] })
export class MessagesModule {}
