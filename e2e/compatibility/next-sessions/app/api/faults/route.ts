import { setFaults } from '../../../lib/faults';

/** Switches failures of the stores on and off. */
export async function POST(request: Request) {
  setFaults(await request.json());
  return new Response('changed');
}
