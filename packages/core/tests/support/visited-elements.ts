const iterators = Object.getPrototypeOf([][Symbol.iterator]()) as { next: () => IteratorResult<unknown> };

/** The methods of arrays that visit or copy all elements, or may do so. */
const methods = [
  'concat',
  'filter',
  'find',
  'findIndex',
  'flatMap',
  'forEach',
  'includes',
  'indexOf',
] as const;
const otherMethods = [
  'join',
  'map',
  'reduce',
  'shift',
  'slice',
  'some',
  'splice',
  'toSorted',
  'unshift',
] as const;

type Method = (this: unknown[], ...parameters: unknown[]) => unknown;

/**
 * Counts the elements of arrays that a synchronous function visits or copies: by iteration, by spreading, and by the methods of
 * arrays. The count shows the cost without a clock. A method counts the complete array, even if it stops earlier.
 */
export function countVisitedElements(run: () => unknown): number {
  let count = 0;
  const prototype = Array.prototype as unknown as Record<string, Method>;
  const originals = [...methods, ...otherMethods].map((name) => [name, prototype[name] as Method] as const);
  const { next } = iterators;
  for (const [name, original] of originals) {
    prototype[name] = function (...parameters) {
      count += this.length;
      return original.apply(this, parameters);
    };
  }
  iterators.next = function () {
    count++;
    return next.call(this);
  };
  try {
    run();
  } finally {
    iterators.next = next;
    for (const [name, original] of originals) prototype[name] = original;
  }
  return count;
}
