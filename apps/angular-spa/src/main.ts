import { bootstrapApplication } from '@angular/platform-browser';
import { appConfig } from './app/app.config.ts';
import { App } from './app/app.ts';
import { loadSettings } from './app/settings.ts';

try {
  await bootstrapApplication(App, appConfig(await loadSettings()));
} catch (error) {
  console.error(error);
  const note = document.createElement('p');
  note.className = 'fatal';
  note.textContent = 'The app could not start. Reload the page in a moment.';
  document.body.replaceChildren(note);
}
