import { json } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import type { ServerState } from '../state.ts';
import { createMetadata } from '../wire/metadata.ts';

export async function discovery(state: ServerState): Promise<Response> {
  return json(await applyFaults(state, 'metadata', createMetadata(state)), 200, {
    'cache-control': 'max-age=3600',
  });
}
