import type { World } from '../simulation/world.ts';

/** Runs concurrent requests of one action. The trace distinguishes them by number. */
export async function runEach<T>(
  { scheduler }: World,
  values: readonly T[],
  run: (value: T) => Promise<unknown>,
): Promise<void> {
  const { action } = scheduler.getContext();
  await Promise.all(
    values.map((value, index) => scheduler.runIn({ action: `${action}.${index + 1}` }, () => run(value))),
  );
}
