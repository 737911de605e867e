import { createStandardPublicClientApplication } from '@azure/msal-browser';

export const application = () =>
  createStandardPublicClientApplication({
    auth: { clientId: 'app', authority: 'https://id.example', redirectUri: 'https://app.example/callback' },
  });
