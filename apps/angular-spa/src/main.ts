import { bootstrapApplication } from '@angular/platform-browser';
import { appConfig } from './app/app.config.ts';
import { App } from './app/app.ts';
import { showFailedStart } from './app/failed-start.ts';
import { loadSettings } from './app/settings.ts';

try {
  await bootstrapApplication(App, appConfig(await loadSettings()));
} catch (error) {
  console.error(error);
  showFailedStart(error);
}
