const mark = Symbol.for('countersign.memory');

/**
 * Marks a store or lock in the memory of this process. Copies of an application in one process use the first one of them.
 * The property is not enumerable: an object that wraps a marked one by `{ ...store }` is not marked.
 */
export const markAsMemory = <T extends object>(store: T): T =>
  Object.defineProperty(store, mark, { value: true });

/** Checks whether a store or lock was marked, in any copy of this module. */
export const isInMemory = (store: object): boolean => mark in store;
