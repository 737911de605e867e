import { type AccessTokenClaims, Claims, Principal, Public, RequireScopes } from '@countersign/nest';
import { Controller, Get, Post } from '@nestjs/common';

@Controller('items')
export class ItemsController {
  @Get()
  list(@Principal('sub') user: string) {
    return { user };
  }

  @RequireScopes('items:write')
  @Post()
  add(@Claims() claims: AccessTokenClaims) {
    return { scope: claims.scope };
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }
}
