/** Opens when the test asks `/api/gate` to. It lives as long as the process. */
const holder = globalThis as { waiting?: Map<string, () => void> };
holder.waiting ??= new Map();
const { waiting } = holder;

export const waitAt = (name: string) => new Promise<void>((resolve) => waiting.set(name, resolve));
export const openGate = (name: string) => waiting.get(name)?.();
