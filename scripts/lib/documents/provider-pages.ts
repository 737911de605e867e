import { inspect } from 'node:util';
import type { JsonObject } from '../../../packages/core/src/internal/json/json.ts';
import type { AccessTokenProfile } from '../../../packages/core/src/protocol/tokens/access-token-profile.ts';
import { getPresetScope } from '../../../packages/core/src/providers/apply-preset.ts';
import type { OAuth2Userinfo, ProviderPreset } from '../../../packages/core/src/providers/index.ts';
import { profiles } from '../../../packages/core/src/resource-server/claims/profiles.ts';
import { capabilities } from '../../../packages/core/tests/providers/capabilities.ts';
import {
  type Cell,
  isTested,
  type OtherPreset,
  type ProviderRow,
} from '../../../packages/core/tests/providers/provider-row.ts';

/** Writes the page of the matrix. */
export function renderProviderMatrix(rows: readonly ProviderRow[], others: readonly OtherPreset[]): string {
  const heading = ['provider', ...capabilities.map(({ title }) => title)];
  const table = [
    heading,
    heading.map(() => '---'),
    ...rows.map(({ name, title, cells }) => [
      `[${title}](${name}.md)`,
      ...capabilities.map((capability) => (isTested(cells[capability.name]) ? 'tested' : 'no')),
    ]),
  ];
  const otherPresets = others.map(
    ({ title, example, reason }) => `- [${title}](${example.name}.md): ${reason}\n`,
  );
  return `${introduction}
${table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}
Presets without a row:

${otherPresets.join('')}
## What a column shows

${capabilities.map(({ title, sentence }) => `- **${title}**: ${sentence}.\n`).join('')}
## Reasons and settings

The text after "no" is the reason why a provider lacks a capability. The other texts are what a test sets besides the preset.

${rows.map(renderNotes).join('\n')}`;
}

function renderNotes({ title, cells }: ProviderRow): string {
  const notes = capabilities.flatMap((capability) => {
    const note = describeCell(cells[capability.name]);
    return note === undefined ? [] : [`- ${capability.title}: ${note}\n`];
  });
  return `### ${title}\n\n${notes.join('')}`;
}

/** Returns the reason of a missing capability, or what its test sets. */
function describeCell(cell: Cell): string | undefined {
  if (!isTested(cell)) return `no. ${cell}`;
  const options = Object.entries(cell.options ?? {}).map(
    ([name, value]) => `\`${name}: ${inspect(value, { breakLength: Infinity })}\``,
  );
  const isIntrospected = 'isIntrospected' in cell && cell.isIntrospected === true;
  const parts = [
    ...options,
    ...(isIntrospected ? ['the API introspects the token'] : []),
    ...(cell.setting === undefined ? [] : [cell.setting]),
  ];
  return parts.length === 0 ? undefined : `${parts.join('; ')}.`;
}

const start = '<!-- preset: written from the code -->';
const end = '<!-- end of preset -->';

/** Writes the values of the preset between the two comments of its page. */
export function renderPresetPage(page: string, preset: ProviderPreset): string {
  const [head, rest] = page.split(start);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined)
    throw new Error(`The page of ${preset.name} needs the comments "${start}" and "${end}".`);
  const rows = listValues(preset).map(([name, value]) => `| ${name} | ${value} |\n`);
  return `${head}${start}\n\n| the preset sets | value |\n|---|---|\n${rows.join('')}\n${end}${tail}`;
}

const code = (text: string) => `\`${text}\``;
const list = (texts: readonly string[]) => texts.map(code).join(', ');
const toParameters = (parameters: Readonly<Record<string, string>> = {}) =>
  Object.entries(parameters).map(([name, value]) => `${name}=${value}`);

function listValues(preset: ProviderPreset): readonly (readonly [string, string])[] {
  const { refreshTokens, accessTokens, relaxes } = preset;
  const profile = findProfile(accessTokens?.profile);
  const scope = getPresetScope(preset, '<client ID>');
  const relaxedRules = [...relaxes, ...profile.relaxes.map((rule) => `RFC 9068 ${rule}`)];
  const values: Record<string, string | undefined> = {
    issuer: code(preset.issuer),
    'metadata document': preset.metadataUrl && code(preset.metadataUrl),
    metadata: preset.metadata && 'in the preset: the provider publishes none',
    tenants: preset.tenants && `those of \`acceptTenant\`, by the claim ${code(preset.tenants.claim)}`,
    scope: scope && code(scope),
    'authorization parameters': list(toParameters(preset.authorizationParameters)),
    'claims parameter': preset.claims && code(JSON.stringify(preset.claims)),
    'response mode': preset.responseMode && code(preset.responseMode),
    'for a refresh token, a login adds': describeRefreshTokens(refreshTokens),
    'an invalid refresh token is reported':
      preset.isLoginEnded && 'with an error of the provider, which the preset recognizes',
    'signature of ID tokens': preset.idTokenSignedResponseAlg && code(preset.idTokenSignedResponseAlg),
    user: preset.oauth2Userinfo && describeUser(preset.oauth2Userinfo),
    'client secret': preset.createClientSecret && 'created by the preset',
    'client authentication of web sessions':
      preset.tokenEndpointAuthMethod && code(preset.tokenEndpointAuthMethod),
    'browser clients': preset.serverOnly ? 'an error: a login needs a server' : undefined,
    'token requests': preset.tokenRequestFormat && code(preset.tokenRequestFormat),
    'logout URL': preset.createLogoutUrl && 'created by the preset',
    'profile of access tokens': accessTokens?.profile && code(profile.name),
    'issuer of access tokens': accessTokens?.issuer && code(accessTokens.issuer),
    'signatures of access tokens': accessTokens?.algorithms && list(accessTokens.algorithms),
    'claims of scopes':
      accessTokens?.profile && list(findClaims(profile.scopes ?? ((claims) => claims.scope))),
    'claims of roles': accessTokens?.profile && list(findClaims(profile.roles ?? ((claims) => claims.roles))),
    'claims of permissions':
      accessTokens?.profile && list(findClaims(profile.permissions ?? ((claims) => claims.permissions))),
    relaxes: relaxedRules.length === 0 ? 'no check' : relaxedRules.join('<br>'),
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value ? [[name, value.replaceAll('|', '\\|')]] : [],
  ) as [string, string][];
}

const describeUser = ({ endpoint, sub }: OAuth2Userinfo) =>
  `the response of ${code(endpoint)}: \`sub\` is its member ${code(sub)}`;

function describeRefreshTokens(request: ProviderPreset['refreshTokens']): string {
  if (request === undefined) return 'the scope `offline_access`, if the metadata lists it';
  const parts = [
    ...(request.scope === undefined ? [] : [`the scope ${code(request.scope)}`]),
    ...toParameters(request.parameters).map(code),
    ...(request.prompt === undefined ? [] : [code(`prompt=${request.prompt}`)]),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

const findProfile = (
  profile: NonNullable<ProviderPreset['accessTokens']>['profile'] = 'rfc9068',
): AccessTokenProfile => (typeof profile === 'string' ? profiles[profile] : profile);

/** Returns the names of the claims that a function of a profile reads from a token without claims. */
function findClaims(read: (claims: JsonObject) => unknown): readonly string[] {
  const names = new Set<string>();
  const claims = new Proxy<JsonObject>({}, { get: (_, name) => void names.add(String(name)) });
  read(claims);
  return [...names];
}

const introduction = `# Providers

Each cell "tested" is a test against the authorization server of \`@countersign/testing\`, which imitates the responses of the
provider, with the preset of \`@countersign/core/providers\`. No test runs against a hosted provider. Each provider has a page with its
registration, options, claims, logout and traps.

This page, and the table of values in each page of a provider, are written from \`packages/core/tests/providers/rows\` by
\`npx pnpm@12.21.0 test:providers\`, which also runs the tests.
`;
