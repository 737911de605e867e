/** Returns the members that are not `undefined`. An option that is set to `undefined` then does not replace a default. */
export const omitUndefined = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
