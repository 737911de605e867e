import type { Scheduler } from '../scheduler.ts';

const chunkCount = 3;

/** Creates the body of an upload. Each chunk is a scheduler step, and can be read only once. */
export function createUpload(scheduler: Scheduler): ReadableStream<Uint8Array> {
  let count = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        scheduler.step('a part of an upload is sent', () => {
          controller.enqueue(new Uint8Array(1));
          if (++count === chunkCount) controller.close();
        }),
    },
    // Without a buffer: the stream produces nothing before a request reads it.
    { highWaterMark: 0 },
  );
}

/** Reads the body of an upload, as the server that receives it. */
export async function receiveUpload(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  while (!(await reader.read()).done);
}
