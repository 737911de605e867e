import 'reflect-metadata';
import { createTestAuthorizationServer } from '@countersign/testing';
import { ApolloFederationDriver } from '@nestjs/apollo';
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Module, type Type, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Directive,
  Field,
  GraphQLModule,
  GraphQLSchemaHost,
  ID,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { AuthModule, Principal, Public, RequireScopes } from '../../src/index.ts';

/** A program for bundlers: it starts applications, sends requests to them, and prints the results as JSON. */

@ObjectType('Item')
@Directive('@key(fields: "id")')
class Item {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Item)
class ItemsResolver {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { id: '1' };
  }

  @RequireScopes('secret:read')
  @ResolveField(() => String)
  secret(): string {
    return 'secret of a field';
  }

  @RequireScopes('items:read')
  @ResolveReference()
  resolveReference({ id }: Item): Item {
    return { id };
  }
}

@Controller('profile')
class ProfileController {
  @UseInterceptors(CacheInterceptor)
  @Get()
  profile(@Principal('sub') sub: string) {
    return { sub };
  }
}

const audience = 'https://api.example.test';
const server = await createTestAuthorizationServer({ resources: [audience] });
const auth = AuthModule.forRoot({
  issuer: server.issuer,
  audience,
  fetch: server.fetch,
  now: server.clock.now,
});

@Module({
  imports: [
    auth,
    GraphQLModule.forRoot({
      driver: ApolloFederationDriver,
      autoSchemaFile: { federation: 2 },
      playground: false,
    } as never),
  ],
  providers: [ItemsResolver],
})
class GraphqlAppModule {}

@Module({ imports: [auth, CacheModule.register()], controllers: [ProfileController] })
class CacheAppModule {}

const create = (module: Type) => NestFactory.create(module, { logger: false, abortOnError: false });

async function askGraphql(): Promise<Record<string, unknown>> {
  const app = await create(GraphqlAppModule);
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/graphql`;
  const reference = '_entities(representations: [{ __typename: "Item", id: "7" }]) { ... on Item { id } }';
  const ask = async (query: string, scope?: string) => {
    const authorization = scope && `Bearer ${await server.mintAccessToken({ scope })}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await response.json()) as { data: unknown; errors?: { message: string }[] };
    return errors ? errors.map(({ message }) => message) : data;
  };
  const results = {
    public: await ask('{ item { id } }'),
    field: await ask('{ item { secret } }'),
    fieldWithoutScope: await ask('{ item { secret } }', 'other'),
    fieldWithScope: await ask('{ item { secret } }', 'secret:read'),
    reference: await ask(`{ ${reference} }`),
    referenceWithScope: await ask(`{ ${reference} }`, 'items:read'),
  };
  await app.close();
  return results;
}

async function startWithCache(): Promise<string> {
  const app = await create(CacheAppModule);
  try {
    await app.init();
    return 'started';
  } catch (error) {
    return String((error as { readonly code?: unknown }).code);
  } finally {
    await app.close();
  }
}

const isRenamed = GraphQLSchemaHost.name !== 'GraphQLSchemaHost';
const results = { isRenamed, graphql: await askGraphql(), cache: await startWithCache() };
process.stdout.write(`\n${JSON.stringify(results)}`);
process.exit(0);
