import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

// The section "Commits" in CONTRIBUTING.md. Commits before the one that adds this file are not checked.

/** The present and the former path of this file. */
const files = ['scripts/tests/repository/commit-subjects.test.ts', 'scripts/tests/commit-subjects.test.ts'];

const readHistory = (...options: string[]): string[] =>
  execFileSync('git', ['log', '--format=%s', ...options], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

/** Lists the subjects of the commits after the one that added this file, without merges. */
function listSubjects(): readonly string[] {
  const [first] = readHistory('--format=%H', '--diff-filter=A', '--', ...files).slice(-1);
  return first === undefined ? [] : readHistory('--no-merges', '--max-count=1000', `${first}..HEAD`);
}

/** Finds what is wrong with a subject: `area: imperative`, with at most 72 characters. */
function findProblem(subject: string): string | undefined {
  if (subject.length > 72) return 'has more than 72 characters';
  const [, verb] = /^[a-z][\w./-]*(?:, [a-z][\w./-]*| [a-z]+)*: ([^ ]+)(?: .*[^. ]|)$/.exec(subject) ?? [];
  if (verb === undefined) return 'has not the form "area: imperative"';
  // Imperatives that end as a past tense or a participle does.
  const imperatives =
    /^(?:(?:pro|ex|suc)ceed|speed|seed|feed|need|heed|weed|breed|embed|shed|shred|bring|string|ping|ring|sing|swing|cling|sling|spring)$/;
  return /^[A-Z]|(?:ed|ing)$/.test(verb) && !imperatives.test(verb)
    ? 'begins with another word than a lower-case imperative'
    : undefined;
}

test('each commit has a subject of the form "area: imperative"', ({ skip }) => {
  skip(!existsSync(join(root, '.git')), 'This copy of the repository has no history.');
  const problems = listSubjects().flatMap((subject) => {
    const problem = findProblem(subject);
    return problem === undefined ? [] : [`${subject}: ${problem}`];
  });
  expect(problems).toEqual([]);
});

test.each([
  'session: reject cookies of two generations',
  'core, nest: rename values',
  'core tests: run the suites that replace window outside of browsers',
  'e2e: remove',
  'testing: seed the random numbers',
  'next: proceed without a session',
  'core: exceed no limit of headers',
  'docs: embed the diagram',
  'nest: bring the options into one place',
  'core: ping the store',
  'core: shed load',
])('accepts the subject: %s', (subject) => {
  expect(findProblem(subject)).toBeUndefined();
});

test.each([
  'reject cookies of two generations',
  'session: rejected cookies',
  'session: Reject cookies',
  'session: rejecting cookies',
  'session: needed cookies',
  'session: bringing cookies',
  'session: reject cookies.',
  'Session: reject cookies',
  `session: reject ${'cookies '.repeat(10)}`,
])('rejects the subject: %s', (subject) => {
  expect(findProblem(subject)).toBeDefined();
});
