import { provideHttpClient, withInterceptors } from '@angular/common/http';
import type { ApplicationConfig } from '@angular/core';
import { provideRouter } from '@angular/router';
import {
  authGuard,
  authInterceptor,
  provideAuth,
  withRefreshTokens,
  withStorage,
} from '@countersign/angular';
import { changeDetection } from './change-detection';
import { HomePage, ItemsPage } from './pages';

export const appConfig: ApplicationConfig = {
  providers: [
    changeDetection,
    provideRouter([
      { path: '', component: HomePage },
      { path: 'items', component: ItemsPage, canActivate: [authGuard] },
      { path: 'callback', component: HomePage },
    ]),
    provideHttpClient(withInterceptors([authInterceptor])),
    provideAuth(async () => (await fetch('/config.json')).json(), withRefreshTokens(), withStorage('tab')),
  ],
};
