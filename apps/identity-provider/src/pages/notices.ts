import { escapeHtml, type Page } from './layout.ts';

/** Submits the logout form at once; without JavaScript, the user does. */
const submitScript = `document.forms[0].requestSubmit(document.querySelector('[value="yes"]'));`;

/** `form` is the provider library's own, with its anti-forgery field. */
export function logoutPage(form: string, client: string | undefined, confirmed: boolean): Page {
  const from = client === undefined ? '' : ` of <strong>${escapeHtml(client)}</strong>`;
  return {
    title: 'Sign out',
    ...(confirmed && { script: submitScript }),
    main: `<h1>Sign out?</h1>
<p class="muted">You are about to sign out${from}, and of this provider.</p>
${form}
<button class="primary" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button class="secondary" form="op.logoutForm">Stay signed in</button>`,
  };
}

export function loggedOutPage(): Page {
  return {
    title: 'Signed out',
    main: '<h1>You are signed out</h1>\n<p class="muted">This page can be closed.</p>',
  };
}

export function deviceCodePage(form: string, problem: boolean): Page {
  return {
    title: 'Connect a device',
    main: `<h1>Connect a device</h1>
<p class="muted">Type the code that your device shows.</p>
<div aria-live="polite">${problem ? '<p class="error">That code is not known. Check it and try again.</p>' : ''}</div>
${form}
<button type="submit" class="primary" form="op.deviceInputForm">Continue</button>`,
  };
}

export function deviceConfirmPage(form: string, client: string, userCode: string): Page {
  return {
    title: 'Connect a device',
    main: `<h1>Connect ${escapeHtml(client)}?</h1>
<p class="muted">Your device should show <strong><code>${escapeHtml(userCode)}</code></strong>. If it does not, stop here.</p>
${form}
<button class="primary" form="op.deviceConfirmForm" autofocus>Connect</button>
<button class="secondary" form="op.deviceConfirmForm" name="abort" value="yes">Stop</button>`,
  };
}

export function deviceSuccessPage(client: string): Page {
  return {
    title: 'Device connected',
    main: `<h1>Connected</h1>\n<p class="muted"><strong>${escapeHtml(client)}</strong> is signed in. Go back to your device.</p>`,
  };
}

export function errorPage(error: string, description: string | undefined): Page {
  return {
    title: 'Something is not right',
    main: `<h1>That did not work</h1>
<p class="muted">${escapeHtml(description ?? 'The request could not be understood.')}</p>
<p><code>${escapeHtml(error)}</code></p>
<p class="muted">Go back to the app and start again.</p>`,
  };
}
