export { demoClients } from './clients.ts';
export { createProvider, type ProviderOptions, type RequestHook, type SigningAlgorithm } from './provider.ts';
export type { LoggedRequest, RequestLog } from './request-log.ts';
export { createSigningKeys } from './signing-keys.ts';
export { type RunningProvider, type StartOptions, startProvider } from './start.ts';
export { type User, users } from './users.ts';
