export {
  createTestVerifier,
  overrideAccessTokens,
  type TestPrincipal,
  testPrincipal,
} from './test-verifier.ts';
