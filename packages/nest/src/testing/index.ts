export {
  type AuthOverride,
  createTestVerifier,
  overrideAuth,
  type TestPrincipal,
  testPrincipal,
} from './test-verifier.ts';
