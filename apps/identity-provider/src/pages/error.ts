import { escapeHtml, type Page } from './layout.ts';

const startAgain = 'Go back to the app and start again.';
const explanations: Readonly<Record<string, string>> = {
  invalid_client: `The app that sent you here is not known to this provider. ${startAgain}`,
  invalid_redirect_uri: `The app wants to send you to an address that it has not registered. ${startAgain}`,
  invalid_request: `The app that sent you here made a request that this provider cannot accept. ${startAgain}`,
  session_not_found: `This page belongs to a sign-in that has ended, or to another browser. ${startAgain}`,
  not_found: 'There is no such page here.',
};

/** Says what went wrong in plain words, and the exact error below for developers. */
export function errorPage(error: string, description?: string | undefined): Page {
  const detail = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`;
  return {
    title: 'That did not work',
    main: `<h1>That did not work</h1>
<p class="muted">${explanations[error] ?? `This provider could not do what was asked. ${startAgain}`}</p>
<div class="detail" role="group" aria-label="For developers"><code>${escapeHtml(error)}</code>${detail}</div>`,
  };
}
