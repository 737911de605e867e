import type { Type } from '@nestjs/common';
import {
  type Declaration,
  listPrototypes,
  readDeclaredMethods,
  readOwnDeclarations,
} from '../../access/decorator-metadata.ts';
import { nestMetadata } from '../../nest-metadata.ts';
import type { Schema } from '../graphql/graphql-modules.ts';
import type { Handler } from '../handler.ts';
import type { ModuleClass } from '../module-classes.ts';

interface MethodMetadata {
  /** The parameters. `args`: `@Args()` without a name, which receives all arguments. */
  readonly methodArgs?: readonly { readonly kind: string; readonly typeFn: () => unknown }[];
}

interface TypeMetadata {
  readonly name: string;
  readonly target: unknown;
  readonly properties?: readonly MethodMetadata[];
}

type RootMetadata = MethodMetadata & { readonly target: { readonly prototype: object } };

/** The part of Nest's `TypeMetadataStorage` that lists the code-first types of all applications of the process. */
interface TypeMetadataStorage {
  getObjectTypesMetadata(): readonly TypeMetadata[];
  getInterfacesMetadata(): readonly TypeMetadata[];
  getInputTypesMetadata(): readonly TypeMetadata[];
  getQueriesMetadata(): readonly RootMetadata[];
  getMutationsMetadata(): readonly RootMetadata[];
  getSubscriptionsMetadata(): readonly RootMetadata[];
}

interface StrayTypesOptions {
  readonly classes: readonly ModuleClass[];
  readonly handlers: readonly Handler[];
  readonly schemas: readonly Schema[];
  readonly requiresToken: (declaration: Declaration) => boolean;
}

/**
 * Finds access decorators on the types of a GraphQL schema, on classes of arguments and of other parameters, and on their
 * fields. GraphQL and Nest read and write such a field on the object, so no guard runs.
 *
 * @param options `classes`: the providers and controllers of all modules. `schemas`: those of the application.
 *   `requiresToken` decides whether a decorator has an effect.
 */
export function findStrayTypes({ classes, handlers, schemas, requiresToken }: StrayTypesOptions): string[] {
  const providedPrototypes = new Set(classes.flatMap(({ type }) => listPrototypes(type)));
  const types = new Set(
    [...listGraphqlTypes(providedPrototypes, schemas), ...handlers.flatMap(listParameterTypes)].filter(
      (type) => isClass(type) && !providedPrototypes.has(type.prototype),
    ) as Type[],
  );
  return [...types].flatMap((type) => {
    const prototypes = listPrototypes(type);
    const fields = prototypes.flatMap((prototype) =>
      [...readDeclaredMethods(prototype)]
        .filter(([, declarations]) => declarations.some(requiresToken))
        .map(([name]) => `${type.name}.${String(name)}`),
    );
    const isDeclared = [type, ...prototypes].some((each) => readOwnDeclarations(each).some(requiresToken));
    return [...(isDeclared ? [type.name] : []), ...fields].map(
      (name) =>
        `${name} has a decorator that requires an access token, but it belongs to a type of the GraphQL schema or to a ` +
        'parameter of a handler, and no guard runs for its fields. Move the access decorator to the handler, for example the ' +
        '@Query(), or to a @ResolveField() of the resolver with "fieldResolverEnhancers: [\'guards\']".',
    );
  });
}

/** Lists the code-first types of the schemas, and the classes with all arguments of one of their fields. */
function listGraphqlTypes(providedPrototypes: ReadonlySet<object>, schemas: readonly Schema[]): unknown[] {
  const { GqlTypeMetadataStorage: storage } = globalThis as { GqlTypeMetadataStorage?: TypeMetadataStorage };
  if (!storage) return [];
  const names = new Set(schemas.flatMap((schema) => Object.keys(schema.getTypeMap())));
  const types = [
    ...storage.getObjectTypesMetadata(),
    ...storage.getInterfacesMetadata(),
    ...storage.getInputTypesMetadata(),
  ].filter(({ name }) => names.has(name));
  const rootFields = [
    ...storage.getQueriesMetadata(),
    ...storage.getMutationsMetadata(),
    ...storage.getSubscriptionsMetadata(),
  ].filter(({ target }) => providedPrototypes.has(target.prototype));
  return [
    ...types.map(({ target }) => target),
    ...[...rootFields, ...types.flatMap(({ properties }) => properties ?? [])]
      .flatMap(({ methodArgs }) => methodArgs ?? [])
      .flatMap(({ kind, typeFn }) => (kind === 'args' ? [typeFn()] : [])),
  ];
}

/** Lists the types that the compiler has written for the parameters of a handler. */
const listParameterTypes = ({ owner, methodName }: Handler): readonly unknown[] =>
  (Reflect.getMetadata(nestMetadata.parameterTypes, owner.prototype as object, methodName) as
    | readonly unknown[]
    | undefined) ?? [];

const isClass = (value: unknown): value is Type =>
  typeof value === 'function' && typeof value.prototype === 'object';
