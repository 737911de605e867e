import { ConnectionAuthenticator, Public, RequireScopes } from '@countersign/nest';
import { type DynamicModule } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

/**
 * Creates the gateway of socket.io. It has its own port, because other libraries handle each upgrade of the HTTP
 * server.
 */
function createSocketIoGateway(port: number) {
  @WebSocketGateway(port)
  class SocketIoGateway {
    @SubscribeMessage('list')
    list() {
      return { event: 'result', data: { text: 'alice' } };
    }

    @RequireScopes('items:write')
    @SubscribeMessage('add')
    add() {
      return { event: 'result', data: { text: 'alice' } };
    }

    @Public()
    @SubscribeMessage('open')
    open() {
      return { event: 'result', data: { text: 'open' } };
    }
  }
  return SocketIoGateway;
}

/** Creates the gateway of plain WebSockets. `handleConnection` closes connections without a valid token. */
function createPlainGateway(port: number) {
  @WebSocketGateway(port)
  class PlainGateway {
    constructor(private readonly connections: ConnectionAuthenticator) {}

    async handleConnection(client: object, request: never) {
      await this.connections.authenticate(client, request);
    }

    @SubscribeMessage('list')
    list() {
      return { event: 'result', data: { text: 'alice' } };
    }

    @RequireScopes('items:write')
    @SubscribeMessage('add')
    add() {
      return { event: 'result', data: { text: 'added' } };
    }
  }
  return PlainGateway;
}

class GatewayModule {}

/** An application uses one kind of WebSocket. */
export const createGatewayModule = (kind: 'socket.io' | 'ws', port: number): DynamicModule => ({
  module: GatewayModule,
  providers: [kind === 'ws' ? createPlainGateway(port) : createSocketIoGateway(port)],
});
