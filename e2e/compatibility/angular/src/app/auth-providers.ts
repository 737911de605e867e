import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { authInterceptor, provideAuth, withRefreshTokens, withStorage } from '@countersign/angular';
import { changeDetection } from './change-detection';

/** The same in each kind of application. */
export const authProviders = [
  changeDetection,
  provideHttpClient(withInterceptors([authInterceptor])),
  provideAuth(async () => (await fetch('/config.json')).json(), withRefreshTokens(), withStorage('tab')),
];
