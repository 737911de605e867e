import { bootstrapApplication } from '@angular/platform-browser';
import { appConfig } from './app/app.config.ts';
import { App } from './app/app.ts';
import { loadSettings } from './app/settings.ts';
import { showStartFailure } from './app/start-failure.ts';

try {
  await bootstrapApplication(App, appConfig(await loadSettings()));
} catch (error) {
  console.error(error);
  showStartFailure(error);
}
