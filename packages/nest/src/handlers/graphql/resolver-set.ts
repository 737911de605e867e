import { type SchemaGuard, schemaGuards, wrappedResolvers } from '../../module-state.ts';
import type { Resolve } from './graphql-modules.ts';

/** A set of resolvers of one application. It also has the functions that this package creates around them. */
export class ResolverSet implements SchemaGuard {
  readonly #resolvers = new WeakSet<Resolve>();
  #isClosing = false;
  #isClosed = false;

  /** @param application the container of the application, if the functions of the set decide about requests */
  constructor(readonly application?: object) {}

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(resolver: Resolve): void {
    this.#resolvers.add(resolver);
  }

  has(resolver: Resolve | undefined): boolean {
    for (let current = resolver; current; current = wrappedResolvers.get(current)?.resolver)
      if (this.#resolvers.has(current)) return true;
    return false;
  }

  /** Adds `wrapper`, which calls `resolver`, so that a set with `resolver` also has `wrapper`. */
  wrap(resolver: Resolve, wrapper: Resolve): Resolve {
    wrappedResolvers.set(wrapper, { resolver, guard: this });
    this.add(wrapper);
    return wrapper;
  }

  /** Lets the next application start with the same schema. Until `close()`, both guards decide about each request. */
  beginClose(): void {
    this.#isClosing = true;
  }

  /** Lets the next application that uses the same schema remove the functions that this set has created. */
  close(): void {
    this.#isClosing = true;
    this.#isClosed = true;
  }

  /**
   * Whether the application has closed, and another one guards the schema of GraphQL's `info`. Libraries also wrap
   * resolvers, so a function of a closed application may remain below theirs.
   */
  isReplaced(info: unknown): boolean {
    if (!this.#isClosed) return false;
    const { schema } = (info ?? {}) as { readonly schema?: object };
    const guard = schema && schemaGuards.get(schema);
    return guard !== undefined && guard !== this;
  }
}

/** Returns the resolver without the functions of applications that have closed. */
export function unwrapClosed(resolver: Resolve | undefined): Resolve | undefined {
  let current = resolver;
  for (;;) {
    const wrappedResolver = current && wrappedResolvers.get(current);
    if (!wrappedResolver?.guard.isClosed) return current;
    current = wrappedResolver.resolver;
  }
}

/** Resolves a field as `graphql` does without a resolver. */
export const createPropertyResolver =
  (name: string): Resolve =>
  (source, ...others) => {
    const value = (source as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === 'function' ? value.call(source, ...others) : value;
  };
