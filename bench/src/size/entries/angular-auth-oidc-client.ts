import { inject } from '@angular/core';
import {
  authInterceptor,
  autoLoginPartialRoutesGuard,
  OidcSecurityService,
  provideAuth,
} from 'angular-auth-oidc-client';

export const providers = [
  provideAuth({
    config: {
      authority: 'https://id.example',
      clientId: 'app',
      redirectUrl: 'https://app.example/callback',
      responseType: 'code',
      scope: 'openid offline_access',
      useRefreshToken: true,
      silentRenew: true,
      secureRoutes: ['https://api.example/'],
    },
  }),
];
export const interceptor = authInterceptor();
export const guard = autoLoginPartialRoutesGuard;
export const service = () => inject(OidcSecurityService);
