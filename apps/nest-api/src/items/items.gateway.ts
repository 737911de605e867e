import {
  ConnectionAuthenticator,
  Principal,
  RequireScopes,
  type VerifiedAccessToken,
} from '@countersign/nest';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Item } from './item.ts';
import { ItemsService } from './items.service.ts';

/** The items over socket.io: `io(url, { auth: { token } }).emit('items')`. */
@WebSocketGateway()
export class ItemsGateway implements OnGatewayConnection {
  readonly #items: ItemsService;
  readonly #connections: ConnectionAuthenticator;

  constructor(
    @Inject(ItemsService) items: ItemsService,
    @Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator,
  ) {
    this.#items = items;
    this.#connections = connections;
  }

  /** Closes a connection without a valid token immediately, and every other connection when its token expires. */
  async handleConnection(client: object): Promise<void> {
    await this.#connections.authenticate(client);
  }

  @RequireScopes('items:read')
  @SubscribeMessage('items')
  list(@Principal() user: VerifiedAccessToken): { event: string; data: readonly Item[] } {
    return { event: 'items', data: this.#items.list(user) };
  }
}
