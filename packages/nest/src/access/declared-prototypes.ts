/**
 * Every prototype whose methods have access decorators. A class that declares a handler need not be a class of a module:
 * its methods may be copied into one. Copies of this package share the set, as they share the declarations.
 */
const registryKey: unique symbol = Symbol.for('countersign.access.prototypes') as never;

function declaredPrototypes(): Set<object> {
  const holder = globalThis as { [registryKey]?: Set<object> };
  holder[registryKey] ??= new Set();
  return holder[registryKey];
}

/** Called by decorators only, so the set grows with the code and not with requests. */
export function registerDeclaredPrototype(prototype: object): void {
  declaredPrototypes().add(prototype);
}

/** The prototypes that have the function as a method, with its name there. */
export function placesOfMethod(method: object): { readonly prototype: object; readonly name: PropertyKey }[] {
  return [...declaredPrototypes()].flatMap((prototype) =>
    Reflect.ownKeys(prototype)
      .filter((name) => Object.getOwnPropertyDescriptor(prototype, name)?.value === method)
      .map((name) => ({ prototype, name })),
  );
}
