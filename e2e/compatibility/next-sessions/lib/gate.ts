/** Opens when the test requests `/api/gate`. There is one gate for each process. */
const holder = globalThis as { waiting?: Set<() => void> };
holder.waiting ??= new Set();
const { waiting } = holder;

export const waitAtGate = () => new Promise<void>((resolve) => waiting.add(resolve));

export function openGate(): void {
  for (const resolve of waiting) resolve();
  waiting.clear();
}

/** The count of those who wait. */
export const countWaiting = () => waiting.size;
