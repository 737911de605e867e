import type { ApplicationConfig } from '@angular/core';
import { provideRouter } from '@angular/router';
import { authProviders } from './auth-providers';
import { routerFeatures } from './router-features';
import { routes } from './routes';

export const appConfig: ApplicationConfig = {
  providers: [provideRouter(routes, ...routerFeatures), authProviders],
};
