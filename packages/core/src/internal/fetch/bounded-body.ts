import { discardBody } from './discard-body.ts';

/**
 * Reads the body of a response up to a limit. The rest of a larger body is discarded.
 *
 * @returns `undefined` if the body has more than `maxBytes` bytes
 * @throws the error of the stream
 */
export async function readBoundedBody(
  { body }: Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      size += part.value.byteLength;
      if (size > maxBytes) {
        discardBody(reader);
        return undefined;
      }
      chunks.push(part.value);
    }
  } catch (error) {
    discardBody(reader);
    throw error;
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
