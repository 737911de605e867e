import { Principal, RequireScopes } from '@countersign/nest';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

@WebSocketGateway()
export class ItemsGateway {
  @SubscribeMessage('list')
  list(@Principal('sub') user: string) {
    return { event: 'answer', data: { user } };
  }

  @RequireScopes('items:write')
  @SubscribeMessage('add')
  add(@Principal('sub') user: string) {
    return { event: 'answer', data: { user } };
  }
}
