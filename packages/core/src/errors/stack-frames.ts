/** Maximum count of frames in a log entry. */
const maxFrames = 10;

/**
 * Lists the stack frames of an error of other code, at most ten. Its message can contain a secret, or lines that look like
 * frames. V8 writes the stack once, as the name and the message, and then the frames. If the message has changed since then,
 * it is unknown where the frames begin, and the list is empty.
 *
 * @see https://v8.dev/docs/stack-trace-api
 * @example
 * ```ts
 * import { listStackFrames } from '@countersign/core/resource-server';
 *
 * export const describe = (error: Error): string => [error.name, ...listStackFrames(error)].join('\n');
 * ```
 */
export function listStackFrames(error: Error): readonly string[] {
  const message = String(error.message);
  const stack = String(error.stack);
  const withoutName = stack.replace(/^[\w$.]{1,100}(?: \[\w{1,100}\])?(?:: )?/, '');
  const frames = [withoutName, stack]
    .filter((text) => text.startsWith(message))
    .map((text) => text.slice(message.length))
    .find((text) => text.startsWith('\n'));
  const lines = frames?.split('\n') ?? [];
  return lines.filter((line) => /^\s+at /.test(line)).slice(0, maxFrames);
}
