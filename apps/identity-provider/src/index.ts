export { type AppOrigins, createDemoClients } from './data/clients.ts';
export { type DemoResource, demoResources } from './data/resources.ts';
export { createSigningKeys, type SigningAlgorithm } from './data/signing-keys.ts';
export { type User, users } from './data/users.ts';
export type { HookResponse, IncomingRequest, RequestHook } from './http/request-hook.ts';
export { createFileRequestLog, type LoggedRequest, type RequestLog } from './http/request-log.ts';
export { createProvider, type ProviderOptions } from './provider.ts';
export { type RunningProvider, type StartOptions, startProvider } from './start.ts';
export { createTestBrowser, type TestBrowser, type VisitedPage } from './testing/test-browser.ts';
