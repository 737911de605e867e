export { createDecrypt, type DecryptOptions } from './decrypt.ts';
export { createNodeFetch, type NodeFetch, type NodeFetchOptions, type Pem } from './node-fetch.ts';
