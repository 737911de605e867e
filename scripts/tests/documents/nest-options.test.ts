import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

const core = 'packages/core/src/resource-server';

/** The interfaces of the options of `AuthModule.forRoot()`, and the path of their members. */
const interfaces: readonly (readonly [name: string, file: string, path: string])[] = [
  ['AuthModuleExtras', 'packages/nest/src/auth-options.ts', ''],
  ['GuardOptions', 'packages/nest/src/guard-options.ts', ''],
  ['VerifierOptions', `${core}/options/verifier-options.ts`, ''],
  ['TrustedIssuerSettings', `${core}/issuers/issuer.ts`, ''],
  ['IntrospectionOptions', `${core}/introspection/introspection.ts`, 'introspection.'],
  ['UnknownTokenLimits', `${core}/introspection/introspection-budget.ts`, 'introspection.unknownTokens.'],
  ['DpopOptions', `${core}/sender-constraint/dpop-proof.ts`, 'dpop.'],
  ['NonceOptions', `${core}/sender-constraint/dpop-nonce.ts`, 'dpop.nonce.'],
  ['MtlsOptions', `${core}/sender-constraint/client-certificate.ts`, 'mtls.'],
  ['ProtectedResource', `${core}/protected-resource-metadata.ts`, 'protectedResource.'],
];

/** Options that no interface of the list has. */
const otherOptions = ['verifier', 'issuer'];

/** Reads the members of an interface, and the optional ones of an object type that a member has inline. */
function readMembers(name: string, file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const declaration = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  return (declaration?.members ?? []).flatMap((member) => {
    const memberName = member.name?.getText(source) ?? '';
    const types = ts.isPropertySignature(member) && member.type ? listTypes(member.type) : [];
    const inline = types
      .filter(ts.isTypeLiteralNode)
      .flatMap(({ members }) => members.filter(({ questionToken }) => questionToken));
    return inline.length === 0
      ? [memberName]
      : inline.map((each) => `${memberName}.${each.name?.getText(source)}`);
  });
}

const listTypes = (type: ts.TypeNode): readonly ts.TypeNode[] =>
  ts.isUnionTypeNode(type) ? type.types : [type];

/** The names in the first column of the tables. */
const readRows = (): readonly string[] =>
  readFileSync(join(root, 'docs/nest/options.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name));

test.each(interfaces)('docs/nest/options.md has a row for each option of %s', (name, file, path) => {
  const members = readMembers(name, file).map((member) => path + member);
  expect(members.length).toBeGreaterThan(0);
  const rows = readRows();
  // The row of an option with members may be omitted.
  const hasRow = (option: string) => rows.some((row) => row === option || row.startsWith(`${option}.`));
  expect(members.filter((member) => !hasRow(member))).toEqual([]);
});

test('docs/nest/options.md has no row twice, and none of an option that does not exist', () => {
  const rows = readRows();
  expect(rows.filter((row, index) => rows.indexOf(row) !== index)).toEqual([]);
  const options = interfaces.flatMap(([name, file, path]) =>
    readMembers(name, file).map((member) => path + member),
  );
  expect(rows.filter((row) => ![...options, ...otherOptions].includes(row))).toEqual([]);
});

test('docs/guides/nest.md has a row for each member of a custom profile', () => {
  const guide = readFileSync(join(root, 'docs/guides/nest.md'), 'utf8');
  const section = guide.split('### A custom profile\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(
    readMembers('AccessTokenProfile', 'packages/core/src/protocol/tokens/access-token-profile.ts').toSorted(),
  );
});
