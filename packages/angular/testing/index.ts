export {
  type AuthTesting,
  injectAuthTesting,
  provideAuthTesting,
  type TestAuthState,
} from './provide-auth-testing.ts';
export {
  type AuthRequests,
  expectNoTokenAttached,
  expectTokenAttached,
  injectAuthRequests,
  type RequestMatcher,
  type StepUpChallenge,
} from './requests.ts';
