import NextAuth from 'next-auth-5';
import { secret } from './session-options';

// The benchmark sends changed cookies, and Auth.js logs an error for each.
const logger = { error() {} };

export const { auth } = NextAuth({ secret, trustHost: true, providers: [], logger });
