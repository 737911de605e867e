import { UserManager } from 'oidc-client-ts';

export const manager = new UserManager({
  authority: 'https://id.example',
  client_id: 'app',
  redirect_uri: 'https://app.example/callback',
  scope: 'openid offline_access',
});
export const login = () => manager.signinRedirect();
export const callback = () => manager.signinRedirectCallback();
export const refresh = () => manager.signinSilent();
