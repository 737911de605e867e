import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

const core = 'packages/core/src/resource-server';

/** The interfaces of the options of `AuthModule.forRoot()`. */
const interfaces: readonly (readonly [file: string, name: string])[] = [
  ['packages/nest/src/auth-options.ts', 'AuthModuleExtras'],
  ['packages/nest/src/guard-options.ts', 'GuardOptions'],
  [`${core}/options/verifier-options.ts`, 'VerifierOptions'],
  [`${core}/issuers/issuer.ts`, 'TrustedIssuer'],
  [`${core}/introspection/introspection.ts`, 'IntrospectionOptions'],
  [`${core}/sender-constraint/dpop-proof.ts`, 'DpopOptions'],
  [`${core}/sender-constraint/client-certificate.ts`, 'MtlsOptions'],
  [`${core}/protected-resource-metadata.ts`, 'ProtectedResource'],
];

function readMembers(file: string, name: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const [, body = ''] =
    new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member);
}

test.each(interfaces)('%s: docs/nest/options.md names each option of %s', (file, name) => {
  const page = readFileSync(join(root, 'docs/nest/options.md'), 'utf8');
  const members = readMembers(file, name);
  expect(members.length).toBeGreaterThan(0);
  expect(members.filter((member) => !page.includes(`\`${member}\``))).toEqual([]);
});
