import { inject } from '@angular/core';
import { OAuthService, provideOAuthClient } from 'angular-oauth2-oidc';

export const providers = [
  provideOAuthClient({ resourceServer: { allowedUrls: ['https://api.example/'], sendAccessToken: true } }),
];
export async function start(): Promise<OAuthService> {
  const service = inject(OAuthService);
  service.configure({
    issuer: 'https://id.example',
    clientId: 'app',
    redirectUri: 'https://app.example/callback',
    responseType: 'code',
    scope: 'openid offline_access',
  });
  await service.loadDiscoveryDocumentAndTryLogin();
  return service;
}
