/**
 * Limits the time of an operation that may never finish.
 *
 * There are two timers: when a suspended tab or process continues, its timer fires before the results that arrived meanwhile.
 *
 * @param timeout milliseconds
 * @param createError creates the error after this time
 */
export function limitTime<T>(run: Promise<T>, timeout: number, createError: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(createError()), timeout / 2);
    }, timeout / 2);
  });
  return Promise.race([run, expiry]).finally(() => clearTimeout(timer));
}
