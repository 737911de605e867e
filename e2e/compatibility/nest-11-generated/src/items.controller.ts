import { Principal, RequireScopes } from '@countersign/nest';
import { Controller, Get } from '@nestjs/common';

@Controller('items')
export class ItemsController {
  @RequireScopes('items:read')
  @Get()
  list(@Principal('sub') sub: string): string[] {
    return [`Milk of ${sub}`];
  }
}
