import { auth } from '../../../lib/auth';
import { streamToken } from '../../../lib/stream';

export const GET = auth.protected.handler(async () => streamToken('started'));
