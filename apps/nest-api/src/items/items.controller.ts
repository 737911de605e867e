import { MaxAge, Principal, RequireScopes, type VerifiedAccessToken } from '@countersign/nest';
import { Body, Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Item } from './item.ts';
import { ItemsService } from './items.service.ts';

@ApiTags('items')
@Controller('items')
export class ItemsController {
  readonly #items: ItemsService;

  constructor(@Inject(ItemsService) items: ItemsService) {
    this.#items = items;
  }

  @RequireScopes('items:read')
  @Get()
  @ApiOkResponse({ description: "The user's items." })
  list(@Principal() user: VerifiedAccessToken): readonly Item[] {
    return this.#items.list(user);
  }

  @RequireScopes('items:write')
  @Post()
  @ApiBody({ schema: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } } })
  @ApiCreatedResponse({ description: 'The new item.' })
  create(@Principal() user: VerifiedAccessToken, @Body() body: { title?: unknown } | undefined): Item {
    return this.#items.create(user, body?.title);
  }

  /** Step-up: whoever deletes everything must have logged in within the last five minutes (RFC 9470). */
  @RequireScopes('items:write')
  @MaxAge(300)
  @HttpCode(204)
  @Delete()
  @ApiNoContentResponse({ description: 'All items are gone. Needs a login of the last five minutes.' })
  clear(@Principal() user: VerifiedAccessToken): void {
    this.#items.clear(user);
  }
}
