import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { parseSource, sources } from '../support/sources.ts';

// The docstrings of public functions, as the section "Language" in CONTRIBUTING.md describes them.

/** Public functions that implement no specification, and what they are. */
const withoutSpecification: Readonly<Record<string, readonly string[]>> = {
  'a component, hook or provider of a framework': [
    'next AuthProvider',
    'next LoginButton',
    'next LogoutButton',
    'next SignedIn',
    'next SignedOut',
    'angular loadConfig',
    'angular provideAuthClient',
    'angular withClientName',
    'angular withEvents',
    'angular withServerState',
    'angular withStorage',
  ],
  'a report, log or trace': [
    'nest accessReport',
    'nest formatAccessReport',
    'core createFailureLog',
    'core createLineLimit',
    'core findUnexpectedCause',
  ],
  'storage in memory, or the tests of a store': [
    'core createMemoryLock',
    'core createMemorySessionStore',
    'testing sessionStoreContract',
  ],
  'a helper of tests': [
    'next createTestSession',
    'nest createTestVerifier',
    'nest overrideAuth',
    'nest testPrincipal',
    'angular expectNoTokenAttached',
    'angular expectTokenAttached',
    'angular injectAuthRequests',
    'angular injectAuthTesting',
    'angular provideAuthTesting',
  ],
};

const browserFolder = 'packages/core/src/browser/';

/** The functions of the API reports, as `package name`. Both clients of core have functions of one name. */
function listPublicFunctions(reports = 'packages/*/api/*.api.md'): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of globSync(reports, { cwd: root })) {
    const report = readFileSync(root + file, 'utf8');
    const [, packageName] = file.split('/');
    for (const [, name] of report.matchAll(/^export (?:declare )?function (\w+)/gm))
      names.add(`${packageName} ${name}`);
    // Arrow functions, decorators and functions of a framework.
    for (const [, name, type = ''] of report.matchAll(/^export (?:declare )?const (\w+): (.*)$/gm))
      if (/=>|Decorator|Guard|Fn$/.test(type)) names.add(`${packageName} ${name}`);
  }
  return names;
}

interface Documented {
  readonly docstring: string;
  readonly body: string;
}

/** Reads the docstrings and bodies of the exported declarations of a file. Overloads count together. */
function readExports(code: string): Map<string, Documented> {
  const documented = new Map<string, Documented>();
  for (const statement of parseSource(code).statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const comments = ts.getLeadingCommentRanges(code, statement.pos) ?? [];
    const docstring = comments.map(({ pos, end }) => code.slice(pos, end)).join('\n');
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name)
      : ts.isFunctionDeclaration(statement)
        ? [statement.name]
        : [];
    for (const name of names) {
      if (!name || !ts.isIdentifier(name)) continue;
      const overload = documented.get(name.text);
      documented.set(name.text, {
        docstring: `${overload?.docstring ?? ''}${docstring}`,
        body: `${overload?.body ?? ''}${statement.getText()}`,
      });
    }
  }
  return documented;
}

/** AuthError and its subclasses. */
const throwsAuthError =
  /throw new (?:Auth|AccessToken|AuthorizationServer|Configuration|LoginRequired|Transport|Validation)Error\(/;

/** Finds what is missing in the docstring of a public function. */
function findGaps(
  { docstring, body }: Documented,
  { isSpecified }: { readonly isSpecified: boolean },
): string[] {
  return [
    ...(docstring.includes('@example') ? [] : ['@example']),
    ...(!isSpecified || /@see https:/.test(docstring) ? [] : ['@see with a URL']),
    ...(!throwsAuthError.test(body) || docstring.includes('@throws') ? [] : ['@throws']),
  ];
}

/** Finds references that are not a URL. `@see {@link name}` refers to another declaration. */
const findOtherReferences = (code: string): string[] =>
  [...code.matchAll(/@see (?!https:\/\/|\{@link )([^\n]*)/g)].map(([reference]) => reference.trim());

test('each public function has an example, the URL of its specification, and its errors', {
  timeout: 120_000,
}, () => {
  const names = listPublicFunctions();
  const browserNames = listPublicFunctions('packages/core/api/{browser,worker}.api.md');
  const exempt = Object.values(withoutSpecification).flat();
  const gaps: string[] = [];
  const documentedNames = new Set<string>();
  for (const file of sources) {
    const [, packageName] = file.split('/');
    for (const [name, documented] of readExports(readFileSync(root + file, 'utf8'))) {
      const key = `${packageName} ${name}`;
      if (!(file.startsWith(browserFolder) ? browserNames : names).has(key)) continue;
      documentedNames.add(key);
      const missing = findGaps(documented, { isSpecified: !exempt.includes(key) });
      if (missing.length > 0) gaps.push(`${file} ${name}: ${missing.join(', ')}`);
    }
  }
  expect(gaps).toEqual([]);
  expect(names.size).toBeGreaterThan(150);
  expect([...names].filter((name) => !documentedNames.has(name))).toEqual([]);
  expect(exempt.filter((name) => !names.has(name))).toEqual([]);
});

test('each reference of a docstring is a URL', () => {
  const references = sources.flatMap((file) =>
    findOtherReferences(readFileSync(root + file, 'utf8')).map((reference) => `${file}: ${reference}`),
  );
  expect(references).toEqual([]);
});

test('finds what is missing', () => {
  const find = (code: string, isSpecified = true) =>
    [...readExports(code).values()].flatMap((documented) => findGaps(documented, { isSpecified }));
  const docstring =
    '/**\n * Reads.\n *\n * @throws TransportError\n * @see https://a.example\n * @example\n */\n';
  const body = "export function read() { throw new TransportError('a', ''); }";
  expect(find(`${docstring}${body}`)).toEqual([]);
  expect(find(`/** Reads. */\n${body}`)).toEqual(['@example', '@see with a URL', '@throws']);
  expect(find(`/** Reads. @example */\n${body}`, false)).toEqual(['@throws']);
  expect(find('/** Reads. @example\n @see RFC 6749 */\nexport const read = () => {};')).toEqual([
    '@see with a URL',
  ]);
  expect(findOtherReferences('/** @see RFC 6749 section 5 */')).toEqual(['@see RFC 6749 section 5 */']);
  expect(findOtherReferences('/** @see https://a.example */ /** @see {@link read} */')).toEqual([]);
});
