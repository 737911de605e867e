import { AuthError } from '@countersign/angular';

/** Shows an error page without Angular, for example when the configuration cannot be loaded. */
export function showStartFailure(error: unknown): void {
  const heading = document.createElement('h1');
  heading.textContent = 'The app could not start';
  const advice = document.createElement('p');
  advice.textContent = 'Reload the page in a moment. If the error persists, report the reference below.';
  const reference = document.createElement('p');
  reference.className = 'muted small-print';
  reference.textContent = `Reference: ${error instanceof AuthError ? error.code : 'unknown'}`;
  const page = document.createElement('main');
  page.className = 'fatal';
  page.append(heading, advice, reference);
  document.body.replaceChildren(page);
}
