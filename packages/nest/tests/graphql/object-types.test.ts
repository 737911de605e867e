import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Body, Controller, Get, Module, Post, type Type } from '@nestjs/common';
import {
  Args,
  ArgsType,
  Field,
  GraphQLModule,
  InputType,
  InterfaceType,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { expect, test } from 'vitest';
import { Public, RequireScopes } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

// GraphQL reads the fields of a type from the object. No guard runs for them.

@ObjectType()
class Employee {
  @Field(() => String)
  name = 'alice';

  @RequireScopes('admin')
  @Field(() => String)
  get bonus(): string {
    return '5000';
  }
}

@RequireScopes('admin')
@ObjectType()
class Secret {
  @Field(() => String)
  text = 'secret';
}

@RequireScopes('admin')
@InterfaceType()
abstract class Document {
  @Field(() => String)
  title = 'title';
}

@ObjectType({ implements: () => [Document] })
class Letter extends Document {}

@RequireScopes('admin')
@InputType()
class Filter {
  @Field(() => String)
  text = '';
}

@ArgsType()
class Page {
  #size = 10;

  @RequireScopes('admin')
  @Field(() => Number, { defaultValue: 10 })
  get size() {
    return this.#size;
  }

  set size(value: number) {
    this.#size = value;
  }
}

@ArgsType()
class LongPage extends Page {}

@RequireScopes('admin')
@ArgsType()
class Format {
  @Field(() => String)
  text = '';
}

/** The parameters of a handler, which GraphQL does not know. */
@RequireScopes('admin')
class Discount {
  readonly percent = 10;
}

@Public()
@ObjectType()
class Item {
  @Field(() => String)
  name = 'item';
}

@ObjectType()
class Employer {
  @Field(() => String)
  name = 'acme';
}

@Resolver()
class Employees {
  @Query(() => Employee)
  employee() {
    return new Employee();
  }
}

@Resolver()
class Secrets {
  @Query(() => Secret)
  secret() {
    return new Secret();
  }
}

@Resolver()
class Letters {
  @Query(() => Letter)
  letter() {
    return new Letter();
  }
}

@Resolver()
class Items {
  @Query(() => Item)
  item(@Args('filter', { type: () => Filter }) _filter: Filter) {
    return new Item();
  }
}

@Resolver()
class Pages {
  @Query(() => Item)
  pages(@Args({ type: () => LongPage }) _page: LongPage) {
    return new Item();
  }
}

/** The field has arguments, and the query has none. */
@Resolver(() => Employer)
class Employers {
  @Query(() => Employer)
  employer() {
    return new Employer();
  }

  @ResolveField(() => String)
  formatted(@Args({ type: () => Format }) { text }: Format) {
    return text;
  }
}

@Resolver()
class Others {
  @Public()
  @Query(() => String)
  other() {
    return 'other';
  }
}

@ObjectType()
class Report {
  @Field(() => String)
  id = '1';

  @RequireScopes('admin')
  @Get('own')
  own() {
    return { id: this.id };
  }
}

@Controller('reports')
class ReportsController extends Report {}

@Controller('discounts')
class DiscountsController {
  @Post()
  create(@Body() _discount: Discount) {
    return {};
  }
}
// Compilers write it with the option "emitDecoratorMetadata".
Reflect.defineMetadata('design:paramtypes', [Discount], DiscountsController.prototype, 'create');

const graphql = () =>
  GraphQLModule.forRoot<ApolloDriverConfig>({ autoSchemaFile: true, driver: ApolloDriver });

test.each<[string, Type]>([
  ['Employee.bonus', Employees],
  ['Secret', Secrets],
  ['Letter', Letters],
  ['Filter', Items],
  ['LongPage.size', Pages],
  ['Format', Employers],
])('N13: a requirement on %s prevents the start', async (name, resolver) => {
  const start = startApp({ imports: [graphql()], providers: [resolver] });
  await expect(start).rejects.toMatchObject({
    code: 'unguarded_handler',
    message: expect.stringContaining(
      `${name} has a decorator that requires an access token, but it belongs to a type`,
    ),
  });
});

test('N13: a requirement on the class of a parameter prevents the start', async () => {
  await expect(startApp({ controllers: [DiscountsController] })).rejects.toMatchObject({
    code: 'unguarded_handler',
    message: expect.stringContaining('Discount has a decorator that requires an access token'),
  });
});

@Module({ providers: [Others] })
class OthersModule {}

@Resolver()
class Registrations {
  @Query(() => Registration)
  registration() {
    return new Registration();
  }
}

@Module({ providers: [Registrations] })
class RegistrationsModule {}

@RequireScopes('admin')
@ObjectType({ registerIn: () => RegistrationsModule })
class Registration {
  @Field(() => String)
  text = 'text';
}

test.each(['first', 'last'])('N13: a requirement on a type of one of two schemas, the %s', async (place) => {
  const modules = [RegistrationsModule, OthersModule];
  const ordered = (place === 'first' ? modules : modules.reverse()).map((each) => [
    each,
    GraphQLModule.forRoot<ApolloDriverConfig>({
      autoSchemaFile: true,
      driver: ApolloDriver,
      include: [each],
      path: `/${each.name}`,
    }),
  ]);
  await expect(startApp({ imports: ordered.flat() })).rejects.toMatchObject({
    code: 'unguarded_handler',
    message: expect.stringContaining('Registration has a decorator that requires an access token'),
  });
});

test('a proxy that has a method for each name, and a base class of a controller, do not prevent the start', async () => {
  class Client {}
  const client = new Proxy(new Client(), {
    get: (target, name) =>
      name in target || typeof name === 'symbol' || name === 'then'
        ? Reflect.get(target, name)
        : () => Promise.resolve(name),
  });
  const { call, mint } = await startApp({
    providers: [{ provide: 'CLIENT', useValue: client }],
    controllers: [ReportsController],
  });
  expect((await call('/reports/own', await mint({ sub: 'alice', scope: 'admin' }))).status).toBe(200);
  expect((await call('/reports/own', await mint({ sub: 'bob' }))).status).toBe(403);
});

test('a requirement on a type that is in no schema of the application does not prevent the start', async () => {
  const { call } = await startApp({
    imports: [graphql()],
    providers: [Others],
  });
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ other }"}',
  };
  expect((await call('/graphql', undefined, init)).body).toEqual({ data: { other: 'other' } });
});
