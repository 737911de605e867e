import { bootstrapApplication } from '@angular/platform-browser';
import { appConfig } from './app/app.config.ts';
import { App } from './app/app.ts';
import { showStartFailure } from './app/errors/start-failure.ts';
import { loadSettings } from './app/settings/settings.ts';

try {
  await bootstrapApplication(App, appConfig(await loadSettings()));
} catch (error) {
  console.error(error);
  showStartFailure(error);
}
