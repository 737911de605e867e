import { type AccessTokenClaims, Claims, Principal, Public, RequireScopes } from '@countersign/nest';
import { Controller, Get, Post } from '@nestjs/common';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';

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

  @MessagePattern('list')
  listByMessage(@Principal('sub') user: string) {
    return { user };
  }

  @RequireScopes('items:write')
  @MessagePattern('add')
  addByMessage(@Principal('sub') user: string) {
    return { user };
  }

  @GrpcMethod('Items', 'List')
  listByCall(@Principal('sub') user: string) {
    return { user };
  }

  @RequireScopes('items:write')
  @GrpcMethod('Items', 'Add')
  addByCall(@Principal('sub') user: string) {
    return { user };
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }
}
