import { users } from '../users.ts';
import { escapeHtml, type Page } from './layout.ts';

/** Fills the form with a demo user; without JavaScript, the form is filled by hand. */
export const loginScript = `
for (const button of document.querySelectorAll('[data-login]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    document.querySelector('#login').value = button.dataset.login;
    document.querySelector('#password').value = button.dataset.password;
    document.querySelector('button[type=submit]').focus();
  });
}`;

export function loginPage(options: {
  readonly action: string;
  readonly client: string;
  readonly login?: string;
  readonly failed?: boolean;
}): Page {
  const { action, client, login = '', failed = false } = options;
  const invalid = failed ? ' aria-invalid="true" aria-describedby="problem"' : '';
  const hints = users
    .map(
      (user) =>
        `<button type="button" class="secondary" data-login="${user.login}" data-password="${user.password}">` +
        `<strong>${user.login}</strong><span class="muted">${user.scopes.includes('items:write') ? 'reads and writes' : 'only reads'}</span></button>`,
    )
    .join('');
  return {
    title: 'Sign in',
    script: loginScript,
    main: `<h1>Sign in</h1>
<p class="muted">to continue to <strong>${escapeHtml(client)}</strong></p>
<form method="post" action="${escapeHtml(action)}">
<div aria-live="polite">${failed ? '<p class="error" id="problem">That login and password do not go together.</p>' : ''}</div>
<label for="login">Login</label>
<input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required${failed ? '' : ' autofocus'} value="${escapeHtml(login)}"${invalid}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${failed ? ' autofocus' : ''}${invalid}>
<button type="submit" class="primary">Sign in</button>
</form>
<form method="post" action="${escapeHtml(action)}/abort"><button class="secondary">Cancel</button></form>
<div class="hint"><p class="muted">Two users are known here; their passwords are <code>alice-demo</code> and <code>bob-demo</code>.</p>
<div class="users">${hints}</div></div>`,
  };
}
