import { json } from '../errors.ts';
import { applyLies } from '../lies/index.ts';
import { metadataOf } from '../metadata.ts';
import type { ServerState } from '../state.ts';

export async function discovery(state: ServerState): Promise<Response> {
  return json(await applyLies(state, 'metadata', metadataOf(state)), 200, {
    'cache-control': 'max-age=3600',
  });
}
