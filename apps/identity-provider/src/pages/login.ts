import { users } from '../data/users.ts';
import { escapeHtml, type Page } from './layout.ts';

/** Fills the form with a demo user. Without JavaScript the user types the values. */
const fillScript = `
const field = (name) => document.getElementById(name);
for (const button of document.querySelectorAll('[data-login]')) {
  button.addEventListener('click', () => {
    field('login').value = button.dataset.login;
    field('password').value = button.dataset.password;
    for (const name of ['login', 'password']) field(name).removeAttribute('aria-invalid');
    field('filled').textContent = 'Filled in for ' + button.dataset.login + '.';
    field('log-in').focus();
  });
}`;

export function loginPage(options: {
  readonly action: string;
  readonly client: string;
  readonly formTarget?: string | undefined;
  readonly login?: string | undefined;
  readonly failed?: boolean;
}): Page {
  const { action, client, formTarget, login = '', failed = false } = options;
  const invalid = failed ? ' aria-invalid="true" aria-describedby="problem"' : '';
  const focusPassword = failed || login !== '';
  const hints = users
    .map(
      (user) =>
        `<li><button type="button" data-login="${user.login}" data-password="${user.password}">` +
        `<strong>${user.login}</strong><code>${user.password}</code><small>${user.about}</small></button></li>`,
    )
    .join('\n');
  return {
    title: failed ? 'Incorrect username or password' : 'Log in',
    script: fillScript,
    formTarget,
    main: `<h1>Log in</h1>
<p class="muted">to continue to <strong>${escapeHtml(client)}</strong></p>
<form method="post" action="${escapeHtml(action)}">
<div aria-live="polite">${failed ? '<p class="problem" id="problem" role="alert">The username or password is incorrect. Try again.</p>' : ''}</div>
<div class="field"><label for="login">Username</label>
<input id="login" name="login" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" required${focusPassword ? '' : ' autofocus'} value="${escapeHtml(login)}"${invalid}></div>
<div class="field"><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${focusPassword ? ' autofocus' : ''}${invalid}></div>
<div class="actions"><button type="submit" class="primary" id="log-in">Log in</button>
<button type="submit" formaction="${escapeHtml(action)}/abort" formnovalidate>Cancel</button></div>
</form>
<section class="demo-users" aria-labelledby="demo-users"><h2 id="demo-users">Demo users: select one to fill the form</h2>
<ul>
${hints}
</ul>
<p class="note" id="filled" aria-live="polite"></p></section>`,
  };
}
