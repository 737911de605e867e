/** Opens when the test requests `/api/gate`. There is one gate for each process. */
const holder = globalThis as { waiting?: Map<string, () => void> };
holder.waiting ??= new Map();
const { waiting } = holder;

export const waitAt = (name: string) => new Promise<void>((resolve) => waiting.set(name, resolve));
export const openGate = (name: string) => waiting.get(name)?.();
