import type { AccessRequirements } from '@countersign/core/resource-server';
import { getDeclaredPrototypes } from '../module-state.ts';
import type { AccessMode, PolicyDeclaration } from './access-policy.ts';

/** The content of one access decorator. */
export interface Declaration extends AccessRequirements {
  readonly mode?: AccessMode;
  readonly policies?: readonly PolicyDeclaration[];
}

/** The declarations of one class in the prototype chain. */
export interface DeclarationLevel {
  readonly declarations: readonly Declaration[];
  /** True for the class that defines the handler; false for base classes whose method it overrides. */
  readonly isOwn: boolean;
}

/** On a prototype (for its class), a class or a function: the declarations of its decorators. */
const declarationsKey = Symbol.for('countersign.access');
/** On a prototype: the declarations of its methods, by name. */
const methodsKey = Symbol.for('countersign.access.methods');
/** On a function that only an instance has: its name. */
const nameKey = Symbol.for('countersign.access.name');

type MethodDeclarations = ReadonlyMap<PropertyKey, readonly Declaration[]>;

/**
 * Creates a decorator for handlers and classes. The requirements of several decorators are combined.
 *
 * The declaration of a method is stored under its name as well as on the function: another decorator may replace the
 * function, and a subclass may override it. The declaration of a class is stored on its prototype as well: another
 * decorator may replace the class.
 */
export function declareAccess(declaration: Declaration): MethodDecorator & ClassDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (name === undefined) {
      addDeclaration(target, declaration);
      const { prototype } = target as { readonly prototype?: object };
      if (typeof target === 'function' && prototype) addDeclaration(prototype, declaration);
      return;
    }
    getDeclaredPrototypes().add(target);
    const methods = readDeclaredMethods(target);
    const previous = methods.get(name) ?? [];
    Reflect.defineMetadata(methodsKey, new Map([...methods, [name, [...previous, declaration]]]), target);
    if (typeof descriptor?.value === 'function') addDeclaration(descriptor.value, declaration);
  };
}

function addDeclaration(target: object, declaration: Declaration): void {
  Reflect.defineMetadata(declarationsKey, [...readOwnDeclarations(target), declaration], target);
}

/** Reads the declarations of this object, without inherited ones. */
export function readOwnDeclarations(target: object): readonly Declaration[] {
  return (Reflect.getOwnMetadata(declarationsKey, target) as readonly Declaration[] | undefined) ?? [];
}

/** Reads the decorated methods of this prototype, or of the static side of this class, without inherited ones. */
export function readDeclaredMethods(target: object): MethodDeclarations {
  return (Reflect.getOwnMetadata(methodsKey, target) as MethodDeclarations | undefined) ?? new Map();
}

/** Lists the prototypes of a class and its base classes, the nearest first. */
export function listPrototypes(owner: object): object[] {
  const chain: object[] = [];
  let each = (owner as { readonly prototype?: object | null }).prototype ?? null;
  for (; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) chain.push(each);
  return chain;
}

/** Stores the name of a function that only an instance has, such as `this.list = this.list.bind(this)`. */
export function saveMethodName(method: object, name: string): void {
  Reflect.defineMetadata(nameKey, name, method);
}

/** Finds the names under which the class has the function. Empty if the class does not have it. */
export function findMethodNames(method: object, owner: object): Set<PropertyKey> {
  const names = new Set<PropertyKey>();
  for (const prototype of listPrototypes(owner)) {
    for (const name of Reflect.ownKeys(prototype))
      if (Object.getOwnPropertyDescriptor(prototype, name)?.value === method) names.add(name);
  }
  const savedName = Reflect.getOwnMetadata(nameKey, method) as string | undefined;
  if (names.size === 0 && savedName !== undefined) names.add(savedName);
  return names;
}

/** Reads the declarations of the class and its base classes, the farthest base class first. */
export function readClassLevels(owner: object): (readonly Declaration[])[] {
  return listPrototypes(owner)
    .map((prototype, index) => {
      const type = prototype.constructor as unknown;
      // A mixin may have copied the constructor of another class, whose declarations do not apply to this one.
      const isOwn = typeof type === 'function' && type.prototype === prototype;
      return [
        ...new Set([
          ...readOwnDeclarations(prototype),
          ...(isOwn ? readOwnDeclarations(type) : []),
          ...(index === 0 ? readOwnDeclarations(owner) : []),
        ]),
      ];
    })
    .reverse();
}

/** Reads the declarations of a method and of the base class methods that it overrides, the farthest first. */
export function readMethodLevels(
  method: object,
  owner: object,
  names: Iterable<PropertyKey>,
): DeclarationLevel[] {
  const levels: DeclarationLevel[] = [];
  const functionDeclarations = new Set([
    ...readOwnDeclarations(method),
    ...readCopiedDeclarations(method, { owner, names }),
  ]);
  for (const name of names) {
    let isOwn = true;
    for (const prototype of listPrototypes(owner)) {
      const declarations = readDeclaredMethods(prototype).get(name) ?? [];
      const hasMethod = Object.hasOwn(prototype, name);
      if (!hasMethod && declarations.length === 0) continue;
      levels.push({ declarations, isOwn });
      for (const each of declarations) functionDeclarations.delete(each);
      isOwn = false;
    }
  }
  levels.push({ declarations: [...functionDeclarations], isOwn: true });
  return levels.reverse();
}

/**
 * Reads the declarations of a method in the class from which it was copied. Another decorator may have replaced the
 * function there, so the function itself may have no declarations.
 */
function readCopiedDeclarations(
  method: object,
  { owner, names }: { readonly owner: object; readonly names: Iterable<PropertyKey> },
): Declaration[] {
  const chain = listPrototypes(owner);
  const copies = [...names].flatMap((name) => {
    const nearest = chain.find((prototype) => Object.hasOwn(prototype, name));
    const value: unknown = nearest && Object.getOwnPropertyDescriptor(nearest, name)?.value;
    return typeof value === 'function' ? [value] : [];
  });
  // If a constructor has bound the method, the copied function is the one on the prototype.
  return [...new Set([method, ...copies])].flatMap((each) =>
    findMethodPlaces(each)
      .filter(({ prototype }) => !chain.includes(prototype))
      .flatMap(({ prototype, name }) => readDeclaredMethods(prototype).get(name) ?? []),
  );
}

/**
 * Finds the decorated prototypes that have the function as a method. The class that declares a handler may be absent
 * from every module, because its methods were copied into another class.
 */
function findMethodPlaces(method: object): { readonly prototype: object; readonly name: PropertyKey }[] {
  return [...getDeclaredPrototypes()].flatMap((prototype) =>
    Reflect.ownKeys(prototype)
      .filter((name) => Object.getOwnPropertyDescriptor(prototype, name)?.value === method)
      .map((name) => ({ prototype, name })),
  );
}
