import { ConfigurationError } from '@countersign/core/resource-server';
import { listPrototypes } from '../../access/decorator-metadata.ts';

type Method = (...args: unknown[]) => unknown;

/**
 * Creates a function that lets the methods of a copied instance explain an error of its private fields, which a copy
 * does not have. Whether a class has private fields is not visible before.
 */
export function createCopyExplainer(): (copy: unknown, original: unknown) => unknown {
  const prototypes = new WeakMap<object, object>();
  return (copy, original) => {
    if (copy === original || typeof copy !== 'object' || copy === null) return copy;
    const prototype = Object.getPrototypeOf(copy) as object | null;
    if (prototype === null || prototype === Object.prototype) return copy;
    const explainingPrototype = prototypes.get(prototype) ?? createPrototype(prototype);
    prototypes.set(prototype, explainingPrototype);
    return Object.setPrototypeOf(copy, explainingPrototype) as object;
  };
}

function createPrototype(prototype: object): object {
  const explainingPrototype = Object.create(prototype) as object;
  const { constructor: type } = prototype as { readonly constructor?: { readonly name?: string } };
  const explain = <Value>(value: Value): Value =>
    typeof value === 'function' ? explainErrors(value as Value & Method, type?.name ?? 'a class') : value;
  for (const each of listPrototypes({ prototype })) {
    for (const name of Reflect.ownKeys(each)) {
      if (name === 'constructor' || Object.hasOwn(explainingPrototype, name)) continue;
      const property = Object.getOwnPropertyDescriptor(each, name) ?? {};
      for (const key of ['value', 'get', 'set'] as const)
        if (property[key]) property[key] = explain(property[key]);
      Object.defineProperty(explainingPrototype, name, property);
    }
  }
  return explainingPrototype;
}

/** Also replaces the rejection of an asynchronous method. */
const explainErrors = <Value extends Method>(method: Value, className: string): Value =>
  new Proxy(method, {
    apply(target, self, args) {
      const fail = (error: unknown) => {
        throw isPrivateFieldError(error) ? createError(className, error.message) : error;
      };
      try {
        const result: unknown = Reflect.apply(target, self, args);
        return result instanceof Promise ? result.catch(fail) : result;
      } catch (error) {
        return fail(error);
      }
    },
  });

/** The messages of V8, JavaScriptCore and TypeScript's helpers, including those for what a class inherits from `Map`. */
const isPrivateFieldError = (error: unknown): error is TypeError =>
  error instanceof TypeError &&
  /private|must be an instance of class|incompatible receiver/i.test(error.message);

const createError = (className: string, message: string): ConfigurationError =>
  new ConfigurationError(
    'invalid_option',
    `The option "context" of GraphQLModule uses one instance of ${className} for several requests. Each operation has its ` +
      `own copy, and a copy has no private fields (${message}). Put the instance into a property of a plain object, for ` +
      'example { tenant: instance }',
  );
