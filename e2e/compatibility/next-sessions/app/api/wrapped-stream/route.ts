import { auth } from '../../../lib/auth';
import { streamOfToken } from '../../../lib/stream';

export const GET = auth.protected.handler(async () => streamOfToken('started'));
