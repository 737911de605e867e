import { checkTitles, type InteropServer } from './server.ts';
import { canaille } from './servers/canaille/canaille.ts';
import { keycloak } from './servers/keycloak.ts';
import { oidcProvider } from './servers/oidc-provider/defaults.ts';
import { oidcProviderFapi } from './servers/oidc-provider/fapi.ts';
import { spring } from './servers/spring/spring.ts';
import { zitadel } from './servers/zitadel/zitadel.ts';

/** The servers, in the order of the table. */
export const servers: readonly InteropServer[] = [
  keycloak,
  oidcProvider,
  oidcProviderFapi,
  spring,
  canaille,
  zitadel,
];

/** The table of docs/interop.md. */
export function renderTable(): string {
  const names = Object.keys(checkTitles) as (keyof typeof checkTitles)[];
  const rows = servers.map(({ name, version, source, unsupported }) => {
    const missing = names
      .filter((check) => unsupported[check] !== undefined)
      .map((check) => `${checkTitles[check]}: ${unsupported[check]}`);
    return `| ${name} | ${version} | ${source} | ${names.length - missing.length} | ${missing.join('; ') || 'none'} |`;
  });
  return ['| server | version | from | checks | not checked |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The list of checks of docs/interop.md. */
export const renderChecks = (): string =>
  Object.values(checkTitles)
    .map((title) => `- ${title}`)
    .join('\n');
