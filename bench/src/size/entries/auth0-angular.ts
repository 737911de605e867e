import { AuthService, authGuardFn, authHttpInterceptorFn, provideAuth0 } from '@auth0/auth0-angular';

export const providers = provideAuth0({
  domain: 'id.example',
  clientId: 'app',
  useRefreshTokens: true,
  authorizationParams: { redirect_uri: 'https://app.example/callback' },
  httpInterceptor: { allowedList: ['https://api.example/*'] },
});
export const interceptor = authHttpInterceptorFn;
export const guard = authGuardFn;
export const service = AuthService;
