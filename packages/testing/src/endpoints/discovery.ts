import { json } from '../errors.ts';
import { createMetadata } from '../metadata.ts';
import { applyFaults, type ServerState } from '../state.ts';

export async function discovery(state: ServerState): Promise<Response> {
  return json(await applyFaults(state, 'metadata', createMetadata(state)), 200, {
    'cache-control': 'max-age=3600',
  });
}
