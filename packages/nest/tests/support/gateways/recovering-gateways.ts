import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionAuthenticator, OptionalAuth, Principal } from '../../../src/index.ts';

export const connectionStateRecovery = { maxDisconnectionDuration: 60_000 };

/** Recovers the clients of every gateway. */
export class RecoveringAdapter extends IoAdapter {
  recovery: object = {};

  override createIOServer(port: number, options?: object): ReturnType<IoAdapter['createIOServer']> {
    return super.createIOServer(port, {
      ...options,
      connectionStateRecovery: { ...connectionStateRecovery, ...this.recovery },
    } as never);
  }
}

/** A client of socket.io, on the server. */
export interface Client {
  readonly recovered: boolean;
  readonly rooms: Set<string>;
  readonly connected: boolean;
  data: unknown;
  join(room: string): void;
}

/** The clients that have connected to the gateways of this file, in order. */
export const clients: Client[] = [];

/** Authenticates connections, and adds each new one to a room of its user. */
@WebSocketGateway()
export class RoomsGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: Client) {
    const authenticated = await this.connections.authenticate(client);
    if (authenticated && !client.recovered) client.join(`user:${authenticated.accessToken.sub}`);
    clients.push(client);
  }

  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

/** Does not authenticate connections, only messages. */
@WebSocketGateway()
export class MessagesGateway implements OnGatewayConnection {
  handleConnection(client: Client) {
    if (!client.recovered) client.join('room');
    clients.push(client);
  }

  @OptionalAuth()
  @SubscribeMessage('me')
  me(@Principal() principal: { sub: string } | undefined) {
    return { event: 'me', data: principal?.sub ?? 'anonymous' };
  }
}
