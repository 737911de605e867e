import { wrappedResolvers } from '../../module-state.ts';
import type { Resolve } from './graphql-modules.ts';

/** A set of resolvers. It also has the functions that this package creates around them. */
export class ResolverSet {
  readonly #resolvers = new WeakSet<Resolve>();

  add(resolver: Resolve): void {
    this.#resolvers.add(resolver);
  }

  has(resolver: Resolve | undefined): boolean {
    for (let current = resolver; current; current = wrappedResolvers.get(current))
      if (this.#resolvers.has(current)) return true;
    return false;
  }
}

/** Records that `wrapper` calls `resolver`, so that a set with `resolver` also has `wrapper`. */
export function wrapResolver(resolver: Resolve, wrapper: Resolve): Resolve {
  wrappedResolvers.set(wrapper, resolver);
  return wrapper;
}
