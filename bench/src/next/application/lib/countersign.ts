import { createAuth } from '@countersign/next';
import { sessionOptions } from './session-options';

export const auth = createAuth(sessionOptions);
