import { MaxAge, Principal, RequireScopes, type VerifiedAccessToken } from '@countersign/nest';
import { Body, Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Item } from './item.ts';
import { ItemsService } from './items.service.ts';

/** The maximum age, in seconds, of the login that is required to delete all items. */
const recentLoginAge = Number(process.env.RECENT_LOGIN || 300);

@ApiTags('items')
@Controller('items')
export class ItemsController {
  readonly #items: ItemsService;

  constructor(@Inject(ItemsService) items: ItemsService) {
    this.#items = items;
  }

  @RequireScopes('items:read')
  @Get()
  @ApiOperation({ summary: 'Your items' })
  @ApiOkResponse({ description: "The user's items." })
  list(@Principal() user: VerifiedAccessToken): readonly Item[] {
    return this.#items.list(user);
  }

  @RequireScopes('items:write')
  @Post()
  @ApiOperation({ summary: 'Add an item' })
  @ApiBody({ schema: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } } })
  @ApiCreatedResponse({ description: 'The new item.' })
  create(@Principal() user: VerifiedAccessToken, @Body() body: { title?: unknown } | undefined): Item {
    return this.#items.create(user, body?.title);
  }

  /** Step-up (RFC 9470): if the login is too old, the challenge requests a new one. */
  @RequireScopes('items:write')
  @MaxAge(recentLoginAge)
  @HttpCode(204)
  @Delete()
  @ApiOperation({ summary: 'Delete all items; requires a recent login' })
  @ApiNoContentResponse({
    description: 'All items are deleted. Requires a login within the last five minutes, by default.',
  })
  clear(@Principal() user: VerifiedAccessToken): void {
    this.#items.clear(user);
  }
}
