const holdKey: unique symbol = Symbol.for('countersign.hold') as never;

/** An object that is held. All copies of this package in the process share its holds. */
interface HeldObject {
  [holdKey]?: { count: number; readonly end: () => void };
}

/**
 * Holds an object until each of its holds was released.
 *
 * @param start begins the first hold, and returns the function that ends the last one
 * @returns the function that releases this hold
 */
export function addHold(object: object, start: () => () => void): () => void {
  const heldObject: HeldObject = object;
  heldObject[holdKey] ??= { count: 0, end: start() };
  const holds = heldObject[holdKey];
  holds.count++;
  return () => {
    if (--holds.count > 0) return;
    delete heldObject[holdKey];
    holds.end();
  };
}
