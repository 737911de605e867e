export { createDecrypt, type DecryptOptions } from './decrypt.ts';
export { createNodeFetch } from './node-fetch.ts';
export type { NodeFetch, NodeFetchOptions, Pem } from './node-fetch-options.ts';
