/** A function that shares one run between concurrent callers with the same key. */
export type SingleFlight<T> = (key: string, run: () => Promise<T>) => Promise<T>;

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return (key, run) => {
    const currentFlight = flights.get(key);
    if (currentFlight) return currentFlight;
    const flight = run().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
