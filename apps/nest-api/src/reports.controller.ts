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

  /** The provider issues this scope only in tokens whose audience is the reports API. */
  @RequireScopes('reports:read')
  @Get()
  @ApiOperation({ summary: 'A report; requires a token for the reports API' })
  @ApiOkResponse({ description: "The count of the user's items." })
  report(@Principal() user: VerifiedAccessToken) {
    const items = this.#items.list(user);
    return { items: items.length, lastAdded: items.at(-1)?.createdAt };
  }
}
