import { escapeHtml, type Page } from './layout.ts';

const startAgain = 'Return to the app and start again.';
const explanations: Readonly<Record<string, string>> = {
  invalid_client: `The app is not registered at this provider. ${startAgain}`,
  invalid_redirect_uri: `The redirect URI is not registered for this app. ${startAgain}`,
  invalid_request: `The app sent an invalid request. ${startAgain}`,
  session_not_found: `This login has ended, or it was started in another browser. ${startAgain}`,
  not_found: 'The page does not exist.',
};

/** Explains the error to the user, and shows the error code and description to developers. */
export function errorPage(error: string, description?: string | undefined): Page {
  const detail = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`;
  return {
    title: 'Request failed',
    main: `<h1>Request failed</h1>
<p class="muted">${explanations[error] ?? `The provider could not complete the request. ${startAgain}`}</p>
<div class="detail" role="group" aria-label="For developers"><code>${escapeHtml(error)}</code>${detail}</div>`,
  };
}
