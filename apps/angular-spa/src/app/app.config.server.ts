import { type ApplicationConfig, mergeApplicationConfig } from '@angular/core';
import { provideServerRendering, withRoutes } from '@angular/ssr';
import { provideServerAuth } from '@countersign/angular';
import { appConfig } from './app.config.ts';
import { serverRoutes } from './app.routes.server.ts';
import { readRememberedUser } from './remembered-user.ts';
import { readSettings } from './settings/settings.server.ts';

export const serverConfig = (): ApplicationConfig =>
  mergeApplicationConfig(appConfig(readSettings()), {
    providers: [provideServerRendering(withRoutes(serverRoutes)), provideServerAuth(readRememberedUser)],
  });
