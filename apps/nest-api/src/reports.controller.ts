import { Principal, RequireScopes, type VerifiedAccessToken } from '@countersign/nest';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ItemsService } from './items/items.service.ts';

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  readonly #items: ItemsService;

  constructor(@Inject(ItemsService) items: ItemsService) {
    this.#items = items;
  }

  /** The provider gives this scope in tokens for the reports alone, and no other scope with it. */
  @RequireScopes('reports:read')
  @Get()
  @ApiOperation({ summary: 'A report, by a token of its own' })
  @ApiOkResponse({ description: "How much is on the user's list." })
  report(@Principal() user: VerifiedAccessToken) {
    const items = this.#items.list(user);
    return { items: items.length, lastAdded: items.at(-1)?.createdAt };
  }
}
