export { createAccessTokenVerifier } from '@countersign/core/resource-server';
