import { escapeHtml, type Page } from './layout.ts';

const meanings: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Stay signed in while you are away',
  'items:read': 'Read your items',
  'items:write': 'Add to your items',
  'reports:read': 'Read your reports',
};

export function consentPage(options: {
  readonly action: string;
  readonly client: string;
  readonly user: string;
  readonly scopes: readonly string[];
}): Page {
  const { action, client, user, scopes } = options;
  const rows = scopes
    .map((scope) => `<li>${escapeHtml(meanings[scope] ?? 'Use')} <code>${escapeHtml(scope)}</code></li>`)
    .join('\n');
  return {
    title: 'Allow access',
    main: `<h1>${escapeHtml(client)} asks for access</h1>
<p class="muted">You are signed in as <strong>${escapeHtml(user)}</strong>. If you allow it, the app can:</p>
<ul class="scopes">
${rows}
</ul>
<form method="post" action="${escapeHtml(action)}/confirm"><button class="primary" autofocus>Allow</button></form>
<form method="post" action="${escapeHtml(action)}/abort"><button class="secondary">Deny</button></form>`,
  };
}
