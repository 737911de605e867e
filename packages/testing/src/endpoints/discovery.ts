import { json } from '../errors.ts';
import { metadataOf } from '../metadata.ts';
import { type ServerState, told } from '../state.ts';

export async function discovery(state: ServerState): Promise<Response> {
  return json(await told(state, 'metadata', metadataOf(state)), 200, { 'cache-control': 'max-age=3600' });
}
