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

/** Seconds. Whoever deletes everything must have logged in within them. */
const recentLogin = Number(process.env.RECENT_LOGIN || 300);

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

  /** Step-up: a login that is too old is answered with what is missing (RFC 9470). */
  @RequireScopes('items:write')
  @MaxAge(recentLogin)
  @HttpCode(204)
  @Delete()
  @ApiOperation({ summary: 'Delete all, after a recent login' })
  @ApiNoContentResponse({
    description: 'All items are gone. Needs a recent login, by default of the last five minutes.',
  })
  clear(@Principal() user: VerifiedAccessToken): void {
    this.#items.clear(user);
  }
}
