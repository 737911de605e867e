import { MSAL_INSTANCE, MsalGuard, MsalInterceptor, MsalService } from '@azure/msal-angular';
import { InteractionType, PublicClientApplication } from '@azure/msal-browser';

export const providers = [
  {
    provide: MSAL_INSTANCE,
    useFactory: () =>
      new PublicClientApplication({
        auth: {
          clientId: 'app',
          authority: 'https://id.example',
          redirectUri: 'https://app.example/callback',
        },
      }),
  },
  MsalService,
  MsalGuard,
  MsalInterceptor,
];
export const interaction = InteractionType.Redirect;
