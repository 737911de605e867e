export { type AppOrigins, createDemoClients } from './clients.ts';
export { createProvider, type ProviderOptions } from './provider.ts';
export type { HookResponse, IncomingRequest, RequestHook } from './request-hook.ts';
export { createFileRequestLog, type LoggedRequest, type RequestLog } from './request-log.ts';
export { type DemoResource, demoResources } from './resources.ts';
export { createSigningKeys, type SigningAlgorithm } from './signing-keys.ts';
export { type RunningProvider, type StartOptions, startProvider } from './start.ts';
export { createTestBrowser, type TestBrowser, type VisitedPage } from './testing/test-browser.ts';
export { type User, users } from './users.ts';
