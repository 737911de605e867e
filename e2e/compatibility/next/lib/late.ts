import { auth } from './auth';

// Work that continues after the response. It waits until the test opens the gate.

/** One run of late work. */
interface Work {
  readonly gate: PromiseWithResolvers<void>;
  readonly result: PromiseWithResolvers<string>;
}

/** All copies of this module share it. */
const holder = globalThis as { lateWork?: Map<string, Work> };
holder.lateWork ??= new Map();
const works = holder.lateWork;

/** Returns the next run of this kind. The test or the application creates it: the first caller. */
function findOrCreateWork(kind: string): Work {
  const existingWork = works.get(kind);
  if (existingWork) return existingWork;
  const work = { gate: Promise.withResolvers<void>(), result: Promise.withResolvers<string>() };
  works.set(kind, work);
  return work;
}

/** Opens the gate, and returns the result of the work behind it. */
export async function openGate(kind: string): Promise<string> {
  const { gate, result } = findOrCreateWork(kind);
  gate.resolve();
  return result.promise;
}

/** Waits at the gate, then uses the session. Returns the codes of the errors. */
export async function useSessionLate(kind: string): Promise<string> {
  const { gate, result } = findOrCreateWork(kind);
  await gate.promise;
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
  works.delete(kind);
  result.resolve(codes.join());
  return codes.join();
}
