import { Principal, RequireScopes, type VerifiedAccessToken } from '@countersign/nest';
import { Inject } from '@nestjs/common';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Item } from './item.ts';
import { ItemsService } from './items.service.ts';

/** The items over GraphQL, with the same decorators. */
@Resolver()
export class ItemsResolver {
  readonly #items: ItemsService;

  constructor(@Inject(ItemsService) items: ItemsService) {
    this.#items = items;
  }

  @RequireScopes('items:read')
  @Query(() => [Item])
  items(@Principal() user: VerifiedAccessToken): readonly Item[] {
    return this.#items.list(user);
  }

  @RequireScopes('items:write')
  @Mutation(() => Item)
  createItem(
    @Principal() user: VerifiedAccessToken,
    @Args('title', { type: () => String }) title: string,
  ): Item {
    return this.#items.create(user, title);
  }
}
