import { AuthError } from '@countersign/angular';

/** Without the application itself: what it needs at its start, such as a configuration, has not come. */
export function showFailedStart(error: unknown): void {
  const heading = document.createElement('h1');
  heading.textContent = 'The app could not start';
  const advice = document.createElement('p');
  advice.textContent = 'Reload the page in a moment. If that does not help, tell us what is written below.';
  const reference = document.createElement('p');
  reference.className = 'muted small-print';
  reference.textContent = `Reference: ${error instanceof AuthError ? error.code : 'unknown'}`;
  const page = document.createElement('main');
  page.className = 'fatal';
  page.append(heading, advice, reference);
  document.body.replaceChildren(page);
}
