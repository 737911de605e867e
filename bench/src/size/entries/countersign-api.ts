export { createAccessTokenVerifier } from '@countersign/core/api';
