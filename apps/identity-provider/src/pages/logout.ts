import { escapeHtml, type Page } from './layout.ts';

/** Submits the form automatically. Without JavaScript the user submits it. */
const submitScript = `document.forms[0].requestSubmit(document.getElementById('log-out'));`;

export function logoutPage(options: {
  readonly action: string;
  /** Binds the form to the session, so that another site cannot log the user out. */
  readonly antiForgeryToken: string;
  readonly client?: string | undefined;
  readonly user?: string | undefined;
  readonly formTarget?: string | undefined;
  /** Whether the user has already confirmed the logout in the app. */
  readonly isConfirmed: boolean;
}): Page {
  const { action, antiForgeryToken, client, user, formTarget, isConfirmed } = options;
  const who = user === undefined ? 'You are' : `<strong>${escapeHtml(user)}</strong>, you are`;
  const requester = client === undefined ? '' : ` <strong>${escapeHtml(client)}</strong> requested this.`;
  return {
    title: isConfirmed ? 'Logging out' : 'Log out',
    formTarget,
    ...(isConfirmed && { script: submitScript }),
    main: `<h1>${isConfirmed ? 'Logging you out' : 'Log out?'}</h1>
<p class="muted">${isConfirmed ? 'This takes a moment. If nothing happens, select the button.' : `${who} about to end your session at this provider and in every app that uses it.${requester}`}</p>
<form method="post" action="${escapeHtml(action)}"><input type="hidden" name="xsrf" value="${escapeHtml(antiForgeryToken)}">
<div class="actions"><button type="submit" class="primary" id="log-out" name="logout" value="yes">Log out</button>
<button type="submit">Stay signed in</button></div></form>`,
  };
}

export function loggedOutPage(client: string | undefined): Page {
  if (client !== undefined) {
    return {
      title: 'Still signed in',
      main: `<h1>You are still signed in here</h1>
<p class="muted">You logged out of <strong>${escapeHtml(client)}</strong> only. You can close this page.</p>`,
    };
  }
  return {
    title: 'Logged out',
    main: `<h1>You are logged out</h1>
<p class="muted">Your session has ended. You can close this page.</p>`,
  };
}
