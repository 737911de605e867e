import { memoryAuth } from '../../../../lib/memory-auth';

export const { GET, POST } = memoryAuth.handlers;
