export {
  type AuthTesting,
  injectAuthTesting,
  provideAuthTesting,
  type TestAuthState,
} from './provide-auth-testing.ts';
