import { type AccessTokenClaims, Claims, Principal, Public, RequireScopes } from '@countersign/nest';
import { Controller, Get, Post } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod, MessagePattern } from '@nestjs/microservices';
import { map, type Observable, reduce } from 'rxjs';

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

  @GrpcStreamMethod('Items', 'Upload')
  uploadByCall(messages: Observable<{ name: string }>): Observable<{ user: string }> {
    return messages.pipe(
      reduce((names, { name }) => [...names, name], [] as string[]),
      map((names) => ({ user: names.join() })),
    );
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }
}
