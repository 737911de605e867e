import { ApolloFederationDriver } from '@nestjs/apollo';
import {
  All,
  Controller,
  type DynamicModule,
  Get,
  Injectable,
  Module,
  Post,
  Scope,
  Sse,
  VERSION_NEUTRAL,
  Version,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  Args,
  Directive,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { EventPattern, GrpcMethod, GrpcStreamMethod, MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EMPTY } from 'rxjs';
import {
  MaxAge,
  OptionalAuth,
  Policy,
  Protected,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from '../../src/index.ts';
import { ReplaceMethod } from './replace-method.ts';

@Injectable()
class OwnerPolicy {
  allows() {
    return true;
  }
}

function isOpen() {
  return true;
}

@RequireScopes('items:read')
@Controller(['items', 'things'])
class ItemsController {
  @Post()
  @ReplaceMethod()
  @RequireScopes('items:write')
  create() {
    return {};
  }

  @Public()
  @Get(['public', 'open'])
  open() {
    return {};
  }

  @OptionalAuth()
  @Sse('events')
  events() {
    return EMPTY;
  }

  @RequireScopes('items:admin')
  @RequireAnyScope('a', 'b')
  @RequirePermissions('items:delete')
  @RequireRoles('admin', 'editor')
  @RequireRoles('staff')
  @RequireAcr('mfa', 'hwk')
  @MaxAge(300)
  @Policy(OwnerPolicy)
  @Policy(isOpen)
  @Policy(() => true)
  @All(':id')
  everything() {
    return {};
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get()
  list() {
    return {};
  }
}

@Controller({ path: 'versions', version: ['1', '2'] })
class VersionedController {
  @Get()
  list() {
    return {};
  }

  @Version(VERSION_NEUTRAL)
  @Get('neutral')
  neutral() {
    return {};
  }
}

@Controller({ path: 'hosted', host: 'admin.example.test' })
class HostedController {
  @Protected()
  @Get()
  list() {
    return {};
  }
}

@Controller()
class MessagesController {
  @RequireScopes('items:read')
  @MessagePattern({ cmd: 'list' })
  list() {
    return {};
  }

  @EventPattern(['created', 'changed'])
  changed() {}

  @Public()
  @GrpcMethod('Items', 'Me')
  me() {
    return { text: '' };
  }

  @RequireScopes('items:read')
  @GrpcStreamMethod('Items', 'Echo')
  echo() {
    return EMPTY;
  }
}

@WebSocketGateway({ namespace: 'items' })
class ItemsGateway {
  @RequireScopes('items:read')
  @SubscribeMessage('list')
  list() {
    return {};
  }
}

@ObjectType()
@Directive('@key(fields: "id")')
class Item {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
@Directive('@key(fields: "id")')
class Account {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Item)
class ItemsResolver {
  @RequireScopes('items:read')
  @Query(() => Item)
  item(@Args('id', { type: () => ID }) id: string) {
    return { id };
  }

  @Mutation(() => Item, { name: 'add' })
  create() {
    return { id: '1' };
  }

  @OptionalAuth()
  @Subscription(() => Item)
  async *changes() {
    yield { changes: { id: '1' } };
  }

  @ResolveField(() => String)
  title() {
    return '';
  }

  @RequireScopes('items:read')
  @ResolveField(() => String)
  secret() {
    return '';
  }

  @RequireScopes('items:read')
  @ResolveReference()
  resolveReference(reference: Item) {
    return reference;
  }
}

@Controller('health')
class HealthController {
  @Get()
  check() {
    return {};
  }
}

@Module({})
class HealthModule {
  static forRoot(): DynamicModule {
    return { module: HealthModule, controllers: [HealthController] };
  }
}

@Controller('lazy')
class LazyController {
  @Public()
  @Get()
  list() {
    return {};
  }
}

@Module({ controllers: [LazyController] })
export class LazyModule {}

const graphql = GraphQLModule.forRoot({
  driver: ApolloFederationDriver,
  playground: false,
  autoSchemaFile: { federation: 2 },
  buildSchemaOptions: { orphanedTypes: [Account] },
  subscriptions: { 'graphql-ws': true },
} as never);

/** The module metadata of an application with all kinds of handlers. */
export const allHandlerKinds = {
  imports: [
    graphql,
    HealthModule.forRoot(),
    RouterModule.register([{ path: 'operations', module: HealthModule }]),
  ],
  controllers: [ItemsController, ScopedController, VersionedController, HostedController, MessagesController],
  providers: [ItemsGateway, ItemsResolver, OwnerPolicy],
};
