import { auth } from './auth';

// Work that continues after the response. It waits until the test opens the gate.

const holder = globalThis as {
  late?: { readonly waiting: Map<string, () => void>; readonly results: Map<string, string> };
};
holder.late ??= { waiting: new Map(), results: new Map() };
const { waiting, results } = holder.late;

export const openGate = (kind: string) => waiting.get(kind)?.();

/** Returns a result once. */
export function takeResult(kind: string): string | undefined {
  const result = results.get(kind);
  results.delete(kind);
  return result;
}

/** Waits at the gate, then uses the session. Records and returns the codes of the errors. */
export async function useSessionLate(kind: string): Promise<string> {
  await new Promise<void>((resolve) => waiting.set(kind, resolve));
  const calls: (() => Promise<unknown>)[] = [
    () => auth.getAccessToken(),
    () => auth.updateSession(() => ({ late: true })),
  ];
  const codes = [];
  for (const call of calls) {
    const code = await call().then(
      () => 'done',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
    codes.push(code);
  }
  results.set(kind, codes.join());
  return codes.join();
}
