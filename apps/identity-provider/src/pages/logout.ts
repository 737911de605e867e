import { escapeHtml, type Page } from './layout.ts';

/** Submits the form at once; without JavaScript, the user does. */
const submitScript = `document.forms[0].requestSubmit(document.getElementById('sign-out'));`;

export function logoutPage(options: {
  readonly action: string;
  /** Ties the answer to this page, so that no other site can sign the user out. */
  readonly antiForgeryToken: string;
  readonly client?: string | undefined;
  readonly user?: string | undefined;
  readonly formTarget?: string | undefined;
  /** The user has already decided, in the app. */
  readonly decided: boolean;
}): Page {
  const { action, antiForgeryToken, client, user, formTarget, decided } = options;
  const who = user === undefined ? 'You are' : `<strong>${escapeHtml(user)}</strong>, you are`;
  const via = client === undefined ? '' : ` <strong>${escapeHtml(client)}</strong> asks for it.`;
  return {
    title: decided ? 'Signing out' : 'Sign out',
    formTarget,
    ...(decided && { script: submitScript }),
    main: `<h1>${decided ? 'Signing you out' : 'Sign out?'}</h1>
<p class="muted">${decided ? 'This takes a moment. If nothing happens, press the button.' : `${who} about to end your session here, and in every app that uses it.${via}`}</p>
<form method="post" action="${escapeHtml(action)}"><input type="hidden" name="xsrf" value="${escapeHtml(antiForgeryToken)}">
<div class="actions"><button type="submit" class="primary" id="sign-out" name="logout" value="yes">Sign out</button>
<button type="submit">Stay signed in</button></div></form>`,
  };
}

export function loggedOutPage(client: string | undefined): Page {
  if (client !== undefined) {
    return {
      title: 'Still signed in',
      main: `<h1>You are still signed in here</h1>
<p class="muted">Only <strong>${escapeHtml(client)}</strong> has been signed out. This page can be closed.</p>`,
    };
  }
  return {
    title: 'Signed out',
    main: `<h1>You are signed out</h1>
<p class="muted">Your session has ended. This page can be closed.</p>`,
  };
}
