import { Principal, RequireScopes } from '@countersign/nest';
import { Mutation, Query, Resolver } from '@nestjs/graphql';

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
}
