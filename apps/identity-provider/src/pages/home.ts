import { users } from '../data/users.ts';
import { escapeHtml, type Page } from './layout.ts';

export function homePage(issuer: string): Page {
  const rows = users.map(
    (user) =>
      `<li><span><strong>${user.login}</strong> <span class="muted">${user.about}</span></span> <code>${user.password}</code></li>`,
  );
  return {
    title: 'Home',
    wide: true,
    main: `<h1>The OpenID provider of the demo</h1>
<p class="muted">Open one of the demo apps. It redirects you here to log in.</p>
<h2>Users and their passwords</h2>
<ul class="scopes">
${rows.join('\n')}
</ul>
<h2>For developers</h2>
<dl><dt>Issuer</dt><dd><code>${escapeHtml(issuer)}</code></dd>
<dt>Metadata</dt><dd><a href="/.well-known/openid-configuration">/.well-known/openid-configuration</a></dd>
<dt>Keys</dt><dd><a href="/jwks">/jwks</a></dd>
<dt>Log out</dt><dd><a href="/session/end">/session/end</a></dd></dl>`,
  };
}
