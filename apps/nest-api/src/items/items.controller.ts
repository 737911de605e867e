import { Principal, RequireScopes, type VerifiedAccessToken } from '@countersign/nest';
import { BadRequestException, Body, Controller, Get, Inject, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Item, ItemsService } from './items.service.ts';

@ApiTags('items')
@ApiBearerAuth()
@Controller('items')
export class ItemsController {
  readonly #items: ItemsService;

  constructor(@Inject(ItemsService) items: ItemsService) {
    this.#items = items;
  }

  @RequireScopes('items:read')
  @Get()
  @ApiOkResponse({ description: "The user's items. Scope: items:read." })
  @ApiForbiddenResponse({ description: 'The token lacks the scope items:read.' })
  list(@Principal() principal: VerifiedAccessToken): readonly Item[] {
    return this.#items.list(ownerOf(principal));
  }

  @RequireScopes('items:write')
  @Post()
  @ApiBody({ schema: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } } })
  @ApiCreatedResponse({ description: 'The new item. Scope: items:write.' })
  @ApiForbiddenResponse({ description: 'The token lacks the scope items:write.' })
  create(@Principal() principal: VerifiedAccessToken, @Body() body: unknown): Item {
    return this.#items.create(ownerOf(principal), titleOf(body));
  }
}

/** A user is an issuer and a subject: another issuer may give the same subject to somebody else. */
const ownerOf = ({ issuer, sub }: VerifiedAccessToken): string => JSON.stringify([issuer, sub]);

function titleOf(body: unknown): string {
  const title = (body as { title?: unknown } | undefined)?.title;
  if (typeof title === 'string' && title.trim() !== '' && title.length <= 200) return title.trim();
  throw new BadRequestException('title must be a text of 1 to 200 characters');
}
