import { Principal, RequireScopes } from '@countersign/nest';
import { Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';

@Resolver()
export class ItemsResolver {
  @Query(() => String)
  list(@Principal('sub') user: string) {
    return user;
  }

  @RequireScopes('items:write')
  @Mutation(() => String)
  add(@Principal('sub') user: string) {
    return user;
  }

  @Subscription(() => String, { name: 'list' })
  async *listed(@Principal('sub') user: string) {
    yield { list: user };
  }

  @RequireScopes('items:write')
  @Subscription(() => String, { name: 'add' })
  async *added(@Principal('sub') user: string) {
    yield { add: user };
  }
}
