import type { AccessRequirements } from '@countersign/core/resource-server';
import { placesOfMethod, registerDeclaredPrototype } from './declared-prototypes.ts';
import type { PolicyDeclaration } from './policy.ts';

/** `protected` requires a token, `optional` accepts one, `public` ignores it. */
export type AccessMode = 'protected' | 'optional' | 'public';

/** What one decorator says. */
export interface Declaration extends AccessRequirements {
  readonly mode?: AccessMode;
  readonly policies?: readonly PolicyDeclaration[];
}

/** The declarations of one class in the prototype chain. */
export interface DeclarationLevel {
  readonly declarations: readonly Declaration[];
  /** The handler itself is of this level; the others are overridden methods of base classes. */
  readonly isOwn: boolean;
}

/** On a prototype (for its class), on a class and on a function: what the decorators on it say. */
const declarationsKey = Symbol.for('countersign.access');
/** On a prototype: what the decorators on its methods say, by name. */
const methodsKey = Symbol.for('countersign.access.methods');
/** On a function that is a member of an instance only: its name. */
const nameKey = Symbol.for('countersign.access.name');

type MethodDeclarations = ReadonlyMap<PropertyKey, readonly Declaration[]>;

/**
 * A decorator for handlers and classes. It adds to what other decorators say.
 *
 * A method's declaration is recorded under its name as well as on the function: another decorator may replace the
 * function, and a subclass may override it. A class's declaration is recorded on its prototype as well: another
 * decorator may replace the class.
 */
export function declaring(addition: Declaration): MethodDecorator & ClassDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (name === undefined) {
      add(target, addition);
      const { prototype } = target as { readonly prototype?: object };
      if (typeof target === 'function' && prototype) add(prototype, addition);
      return;
    }
    registerDeclaredPrototype(target);
    const methods = declaredMethodsOf(target);
    const known = methods.get(name) ?? [];
    Reflect.defineMetadata(methodsKey, new Map([...methods, [name, [...known, addition]]]), target);
    if (typeof descriptor?.value === 'function') add(descriptor.value, addition);
  };
}

function add(target: object, addition: Declaration): void {
  Reflect.defineMetadata(declarationsKey, [...declarationsOn(target), addition], target);
}

/** What stands on this object itself, not on what it inherits from. */
export function declarationsOn(target: object): readonly Declaration[] {
  return (Reflect.getOwnMetadata(declarationsKey, target) as readonly Declaration[] | undefined) ?? [];
}

/** The methods with decorators of this prototype itself, or of this class's static side. */
export function declaredMethodsOf(target: object): MethodDeclarations {
  return (Reflect.getOwnMetadata(methodsKey, target) as MethodDeclarations | undefined) ?? new Map();
}

/** The prototypes of a class and its base classes, the nearest first. */
export function prototypesOf(owner: object): object[] {
  const chain: object[] = [];
  let each = (owner as { readonly prototype?: object | null }).prototype ?? null;
  for (; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) chain.push(each);
  return chain;
}

/** Records the name of a function that is a member of an instance, such as `this.list = this.list.bind(this)`. */
export function rememberMethodName(method: object, name: string): void {
  Reflect.defineMetadata(nameKey, name, method);
}

/** The names under which the class has the function; none for a function that it does not have. */
export function methodNamesOf(method: object, owner: object): Set<PropertyKey> {
  const names = new Set<PropertyKey>();
  for (const prototype of prototypesOf(owner)) {
    for (const name of Reflect.ownKeys(prototype))
      if (Object.getOwnPropertyDescriptor(prototype, name)?.value === method) names.add(name);
  }
  const remembered = Reflect.getOwnMetadata(nameKey, method) as string | undefined;
  if (names.size === 0 && remembered !== undefined) names.add(remembered);
  return names;
}

/** What the class and its base classes say, the farthest first. */
export function classLevelsOf(owner: object): (readonly Declaration[])[] {
  return prototypesOf(owner)
    .map((prototype, index) => {
      const type = prototype.constructor as unknown;
      // A mixin may have copied the constructor of another class, which says nothing about this one.
      const isOwn = typeof type === 'function' && type.prototype === prototype;
      return [
        ...new Set([
          ...declarationsOn(prototype),
          ...(isOwn ? declarationsOn(type) : []),
          ...(index === 0 ? declarationsOn(owner) : []),
        ]),
      ];
    })
    .reverse();
}

/** What stands on a method, and on the methods of base classes that it overrides, the farthest first. */
export function methodLevelsOf(
  method: object,
  owner: object,
  names: Iterable<PropertyKey>,
): DeclarationLevel[] {
  const levels: DeclarationLevel[] = [];
  const onFunction = new Set([...declarationsOn(method), ...copiedDeclarationsOf(method, { owner, names })]);
  for (const name of names) {
    let isOwn = true;
    for (const prototype of prototypesOf(owner)) {
      const declared = declaredMethodsOf(prototype).get(name) ?? [];
      const hasMethod = Object.hasOwn(prototype, name);
      if (!hasMethod && declared.length === 0) continue;
      levels.push({ declarations: declared, isOwn });
      for (const each of declared) onFunction.delete(each);
      isOwn = false;
    }
  }
  levels.push({ declarations: [...onFunction], isOwn: true });
  return levels.reverse();
}

/**
 * What is recorded under the name of a method in the class that it was copied from. Another decorator may have replaced
 * the function there, so that nothing stands on the function itself.
 */
function copiedDeclarationsOf(
  method: object,
  { owner, names }: { readonly owner: object; readonly names: Iterable<PropertyKey> },
): Declaration[] {
  const chain = prototypesOf(owner);
  const copies = [...names].flatMap((name) => {
    const nearest = chain.find((prototype) => Object.hasOwn(prototype, name));
    const value: unknown = nearest && Object.getOwnPropertyDescriptor(nearest, name)?.value;
    return typeof value === 'function' ? [value] : [];
  });
  // A constructor may have bound the method: then the function of the prototype is the one that was copied.
  return [...new Set([method, ...copies])].flatMap((each) =>
    placesOfMethod(each)
      .filter(({ prototype }) => !chain.includes(prototype))
      .flatMap(({ prototype, name }) => declaredMethodsOf(prototype).get(name) ?? []),
  );
}
