import { getFullName, type User } from '../data/users.ts';
import { escapeHtml, type Page } from './layout.ts';

const scopeDescriptions: Readonly<Record<string, string>> = {
  openid: 'Identify you',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Stay signed in when you are not using the app',
  'items:read': 'Read your items',
  'items:write': 'Add, change and remove your items',
  'reports:read': 'Read your reports',
};

export function consentPage(options: {
  readonly action: string;
  readonly client: string;
  readonly user: User;
  readonly formTarget?: string | undefined;
  readonly scopes: readonly string[];
  /** Requested scopes that this user may not grant. */
  readonly withheld: readonly string[];
  /** Individually requested claims (OpenID Connect Core section 5.5). */
  readonly claims: readonly string[];
}): Page {
  const { action, client, user, formTarget, scopes, withheld, claims } = options;
  const rows = [
    ...scopes.map((scope) => [scopeDescriptions[scope] ?? 'Act on your behalf', scope]),
    ...claims.map((claim) => ['See one more detail of your account', claim]),
  ].map(([meaning, name]) => `<li><span>${meaning}</span> <code>${escapeHtml(name)}</code></li>`);
  const names = withheld.map((scope) => `<code>${escapeHtml(scope)}</code>`).join(', ');
  return {
    title: 'Allow access',
    formTarget,
    main: `<h1>Allow ${escapeHtml(client)}?</h1>
<div class="person"><span class="avatar" aria-hidden="true">${escapeHtml(user.givenName.charAt(0))}</span>
<span><strong>${escapeHtml(getFullName(user))}</strong> <span class="muted">${escapeHtml(user.email)}</span></span></div>
<p class="note">This app will be able to:</p>
<ul class="scopes">
${rows.join('\n')}
</ul>
${withheld.length > 0 ? `<p class="note">The app also requests ${names}. Your account does not have this permission, so it will not be granted.</p>` : ''}
<form method="post" action="${escapeHtml(action)}/confirm"><div class="actions">
<button type="submit" class="primary">Allow</button>
<button type="submit" formaction="${escapeHtml(action)}/abort">Deny</button></div></form>`,
  };
}
