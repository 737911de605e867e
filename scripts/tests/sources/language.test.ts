import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

// Rules of the sections "Language" and "What not to write" in CONTRIBUTING.md.

/** A space of a phrase, which can be the end of a line in a comment. */
const space = String.raw`(?: |\n[ \t]*(?:\*|//)?[ \t]*)`;

const toPattern = (phrase: string) => new RegExp(phrase.replaceAll(' ', space), 'gi');

/** Phrases that a text must not contain, and what to write instead. */
const phrases: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    toPattern(String.raw`(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b)[a-z]`),
    '"is not a X", "there is no X"',
  ],
  [
    toPattern(
      String.raw`, also (?:if|in|without|of|for|with|where|when|after|across|between|among|through|within|on|by|because)\b`,
    ),
    '"even", "including"',
  ],
  [toPattern(String.raw`\bprevents? that\b`), '"prevents X from", or the consequence'],
  [toPattern(String.raw`\bnevertheless\b`), '"but", "still"'],
  [toPattern(String.raw`\b(?:whatever|whichever)\b`), '"any", "each", "even if"'],
  [
    toPattern(String.raw`\b(?:nobody|whoever|somebody else|strangers?)\b`),
    'the subject: caller, client, user',
  ],
  [toPattern(String.raw`\bof before\b`), '"previous"'],
  [toPattern(String.raw`\bin vain\b`), '"without effect"'],
  [toPattern(String.raw`\bhand(?:s|ed|ing)? in\b`), '"pass", "send"'],
  [
    toPattern(String.raw`\b(?:speaks? of|stands? for|(?:be|is|are|was|were) told|held against)\b`),
    'the direct verb',
  ],
  [
    toPattern(String.raw`\b(?:token|session|login)(?:'s|s')? life\b|\blife of an? (?:token|session|login)\b`),
    '"lifetime"',
  ],
  [toPattern(String.raw`\brefus(?:e|es|ed|al|als|ing)\b`), '"reject"'],
  [toPattern(String.raw`(?<!')\bguests?\b(?!')`), '"signed-out user"'],
];

/** Texts that contain such a phrase on purpose, and why. */
const permittedTexts: readonly (readonly [file: string, text: string, why: string])[] = [
  ['scripts/tests/sources/language.test.ts', '', 'contains the phrases'],
  [
    'docs/decisions/0015-structure-and-vocabulary-before-the-first-release.md',
    '"refused"',
    'lists former words',
  ],
  [
    'packages/core/tests/session/session-integrity.test.ts',
    "'connection refused'",
    'the message of an operating system',
  ],
  ['scripts/lib/release/registry.ts', "publish: 'nobody'", 'a value of the registry'],
];

/** All texts that people read, except CONTRIBUTING.md, which lists the phrases, and what programs write. */
const texts: readonly string[] = globSync(
  ['*.md', '.changeset/*.md', '{packages,apps,e2e,scripts,docs,bench}/**/*.{md,ts,tsx}'],
  {
    cwd: root,
    exclude: (name) =>
      /^(node_modules|dist|\.next|\.angular|\.turbo|\.test|api)$/.test(name.split('/').pop() ?? ''),
  },
).filter((file) => file !== 'CONTRIBUTING.md' && !/\/test-results\/|playwright-report|CHANGELOG/.test(file));

/** Finds the phrases of a text, each with its line. */
function findPhrases(text: string): string[] {
  return phrases.flatMap(([pattern, instead]) =>
    [...text.matchAll(pattern)].map(({ index, 0: phrase }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${line}: "${phrase.replaceAll(/\s+/g, ' ')}", write ${instead}`;
    }),
  );
}

const isPermitted = (file: string, line: string) =>
  permittedTexts.some(([permittedFile, text]) => permittedFile === file && line.includes(text));

test('texts contain no phrase of the list', { timeout: 120_000 }, () => {
  const problems = texts.flatMap((file) => {
    const text = readFileSync(root + file, 'utf8');
    const lines = text.split('\n');
    return findPhrases(text)
      .filter((problem) => !isPermitted(file, lines[Number.parseInt(problem, 10) - 1] ?? ''))
      .map((problem) => `${file}:${problem}`);
  });
  expect(texts.length).toBeGreaterThan(1_000);
  expect(problems).toEqual([]);
});

test.each([
  '// The response is no array.',
  '/** A value that is\n * no number. */',
  'It works, also if the store fails.',
  'It works, also in a copy.',
  'The marker prevents that a second copy runs.',
  'The record can be ended nevertheless.',
  'Any class, whatever its name.',
  "test('strangers cannot fill the log', () => {});",
  "throw new Error('Nobody may read it.');",
  'the session of before',
  'The life of a token is short.',
  'The provider refused the login.',
  'A guest sees the home page.',
  'The handler is told the reason.',
])('finds the phrase in: %s', (text) => {
  expect(findPhrases(text)).toHaveLength(1);
});

test.each([
  'There is no session.',
  'if there\n// is no key',
  'The key is no longer valid.',
  'Also in this case, it works.',
  "const code = 'ECONNREFUSED';",
  "roles.includes('guest')",
])('permits the text: %s', (text) => {
  expect(findPhrases(text)).toEqual([]);
});

/** Participles and adjectives that do not name a value. */
const bareNames = /^(known|found|wanted|own|left|early|more|before|after)$/;

/** The code after a declared name. A file without it is not parsed. */
const declaredName = /\b(?:known|found|wanted|own|left|early|more|before|after)\b\s*(?:[=,:()\]?}]|of\b)/;

/** Finds variables, parameters and functions with such a name. A property has the context of its object. */
const findBareNames = (code: string) =>
  !declaredName.test(code)
    ? []
    : findLines(code, (node) => {
        const isDeclaration =
          ts.isVariableDeclaration(node) ||
          ts.isParameter(node) ||
          ts.isFunctionDeclaration(node) ||
          // `{ found }` has the name of the property.
          (ts.isBindingElement(node) &&
            (node.propertyName !== undefined ||
              node.dotDotDotToken !== undefined ||
              ts.isArrayBindingPattern(node.parent)));
        return (
          isDeclaration &&
          node.name !== undefined &&
          ts.isIdentifier(node.name) &&
          bareNames.test(node.name.text)
        );
      });

describe('names', () => {
  // Suites inside packages, and the rows of sessions that run in several applications, are not read.
  const tools = globSync(['{scripts,apps,bench,e2e}/**/*.{ts,tsx}'], {
    cwd: root,
    exclude: (name) =>
      /^(node_modules|dist|\.next|\.angular|\.test|session-rows|hostile)$/.test(name.split('/').pop() ?? ''),
  }).filter((file) => !file.startsWith('apps/') || !/\.test\.tsx?$|\/tests\//.test(file));

  test('are nouns, not bare participles or adjectives', { timeout: 120_000 }, () => {
    const problems = [...sources, ...tools].flatMap((file) =>
      findBareNames(readFileSync(root + file, 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(problems, 'Name the value: knownIssuer, remainingSeconds').toEqual([]);
  });
});

test.each([
  'const found = find();',
  'const [left, right] = pair;',
  'const { reply: known } = state;',
  'const { a, ...more } = state;',
  'function read(wanted: string) {}',
  'function before() {}',
  'list.map((own) => own.id);',
  'for (const early of list) run();',
])('finds the bare name in: %s', (code) => {
  expect(findBareNames(code)).toEqual([1]);
});

test.each(['const knownIssuer = find();', 'const { found } = state;', 'const result = { left: 1 };'])(
  'permits the name in: %s',
  (code) => {
    expect(findBareNames(code)).toEqual([]);
  },
);
