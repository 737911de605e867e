import type { IncomingMessage } from 'node:http';
import { ConnectionAuthenticator, Principal, RequireScopes } from '@countersign/nest';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

@WebSocketGateway()
export class ItemsGateway {
  @SubscribeMessage('list')
  list(@Principal('sub') user: string) {
    return { event: 'result', data: { user } };
  }

  @RequireScopes('items:write')
  @SubscribeMessage('add')
  add(@Principal('sub') user: string) {
    return { event: 'result', data: { user } };
  }
}

/** With plain WebSockets, only the gateway receives the handshake. */
@WebSocketGateway()
export class PlainItemsGateway extends ItemsGateway implements OnGatewayConnection {
  constructor(private readonly connections: ConnectionAuthenticator) {
    super();
  }

  async handleConnection(client: object, request: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  @RequireScopes('items:write')
  @SubscribeMessage('add')
  override add(@Principal('sub') user: string) {
    return { event: 'added', data: { user } };
  }
}
