import { authGuard, authInterceptor, injectAuth, provideAuth, withRefreshTokens } from '@countersign/angular';

const config = { issuer: 'https://id.example', clientId: 'app', apis: [{ url: 'https://api.example/' }] };
export const providers = [provideAuth(config, withRefreshTokens())];
export const interceptor = authInterceptor;
export const guard = authGuard;
export const auth = () => injectAuth();
