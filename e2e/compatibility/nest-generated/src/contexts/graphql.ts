import { Public, RequireScopes } from '@countersign/nest';
import { Module } from '@nestjs/common';
import { Field, Mutation, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';

@ObjectType()
class Item {
  @Field(() => String)
  id!: string;
}

@Resolver(() => Item)
export class ItemsResolver {
  @Query(() => Item)
  items() {
    return { id: '1' };
  }

  @Public()
  @Query(() => String)
  openItems() {
    return 'open';
  }

  @RequireScopes('items:write')
  @Mutation(() => String)
  addItem() {
    return 'added';
  }

  @RequireScopes('items:write')
  @Subscription(() => String)
  async *added() {
    yield { added: 'added' };
  }

  @ResolveField(() => String)
  owner() {
    return 'alice';
  }

  @RequireScopes('items:write')
  @ResolveField(() => String)
  price() {
    return '1';
  }
}

/** The resolver of `orders.graphql`. */
@Resolver('Order')
export class OrdersResolver {
  @Query('orders')
  orders() {
    return { id: '1' };
  }

  @Public()
  @Query('openOrders')
  openOrders() {
    return 'open';
  }

  @RequireScopes('items:write')
  @Mutation('order')
  order() {
    return 'ordered';
  }

  @RequireScopes('items:write')
  @Subscription('ordered')
  async *ordered() {
    yield { ordered: 'ordered' };
  }

  @ResolveField('owner')
  owner() {
    return 'alice';
  }

  @RequireScopes('items:write')
  @ResolveField('price')
  price() {
    return '1';
  }
}

@Module({ providers: [ItemsResolver] })
export class CodeFirstModule {}

@Module({ providers: [OrdersResolver] })
export class SchemaFirstModule {}
