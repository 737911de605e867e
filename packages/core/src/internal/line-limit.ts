import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Lines of one kind that are written at once. */
const burst = 10;
/** Milliseconds between two further lines of one kind. */
const interval = 10_000;
/** Maximum count of kinds. Beyond it, further kinds share one limit. */
const maxKinds = 200;

/**
 * Decides whether a line of a kind is written. The result is `undefined` if it is omitted, otherwise the text to add to it:
 * the count of lines that were omitted before it, or an empty text.
 *
 * @example
 * ```ts
 * import type { LineLimit } from '@countersign/core/resource-server';
 *
 * const writeAll: LineLimit = () => '';
 * ```
 */
export type LineLimit = (
  /** Words of the program, such as a code. It contains no text of a request. */
  kind: string,
  /** Milliseconds since the epoch. */
  now: number,
) => string | undefined;

interface Kind {
  readonly bucket: TokenBucket;
  /** Count of lines that were not written since the last one. */
  omitted: number;
}

/**
 * Limits the rate of log lines that requests can cause: ten lines of one kind at once, then one in ten seconds with the
 * count of the omitted ones. If all kinds shared a limit, many lines of one kind would hide those of another.
 *
 * @example
 * ```ts
 * import { createLineLimit } from '@countersign/core/resource-server';
 *
 * const limitLine = createLineLimit();
 *
 * export function logRejection(code: string): void {
 *   const omitted = limitLine(code, Date.now());
 *   if (omitted !== undefined) console.warn(`rejected a request: ${code}${omitted}`);
 * }
 * ```
 */
export function createLineLimit(): LineLimit {
  const kinds = new Map<string, Kind>();
  return (kindName, now) => {
    const name = kinds.has(kindName) || kinds.size < maxKinds ? kindName : '';
    const kind = kinds.get(name) ?? { bucket: createTokenBucket({ capacity: burst, interval }), omitted: 0 };
    kinds.set(name, kind);
    if (kind.bucket.take(now) > 0) {
      kind.omitted++;
      return undefined;
    }
    const { omitted } = kind;
    kind.omitted = 0;
    return omitted > 0 ? ` (${omitted} similar lines were omitted)` : '';
  };
}
