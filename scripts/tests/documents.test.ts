import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEvents, renderEventPage } from '../lib/documents/event-page.ts';
import { readRepositoryUrl } from '../lib/packages/repository.ts';
import { root } from '../lib/process.ts';

const readPage = (page: string) => readFileSync(join(root, page), 'utf8');

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((page) => page !== '' && !page.includes('/api/') && existsSync(join(root, page)));

/** The anchor that GitHub gives a heading. */
const toAnchor = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

function readAnchors(page: string): readonly string[] {
  return [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => toAnchor(heading));
}

/** Links to files of the repository, including those by its web address. Code blocks contain no links. */
function readLinks(page: string): readonly { readonly path: string; readonly anchor: string }[] {
  const prose = readPage(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, 'code')
    .replaceAll(`](${readRepositoryUrl()}/blob/main/`, `](${relative(dirname(page), '.') || '.'}/`);
  return [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(
    ([, path = '', anchor = '']) => ({
      path: path === '' ? page : join(dirname(page), path),
      anchor,
    }),
  );
}

describe('links between the documents', () => {
  test.each(pages)('%s: each target exists', (page) => {
    const broken = readLinks(page).filter(
      ({ path, anchor }) =>
        !existsSync(join(root, path)) || (anchor !== '' && !readAnchors(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });
});

describe('docs/rfc-matrix.md', () => {
  test('names only files and folders that exist', () => {
    const named = [...readPage('docs/rfc-matrix.md').matchAll(/`((?:packages|apps|e2e)\/[^`]+)`/g)];
    expect(named.length).toBeGreaterThan(30);
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

test('docs/errors.md lists every code and no other', () => {
  const codes = readPage('packages/core/src/errors/error-codes.ts')
    .matchAll(/^export type \w+ErrorCode =([^;]+);/gm)
    .flatMap(([, union = '']) => [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code));
  const rows = readPage('docs/errors.md')
    .matchAll(/^\| `(\w+)` \|/gm)
    .map(([, code]) => code);
  expect([...rows].sort()).toEqual([...codes].sort());
});

describe('docs/events.md', () => {
  const events = readEvents(readPage('packages/core/src/events.ts'));

  test('each event of the source is read, with a comment', () => {
    const types = [...readPage('packages/core/src/events.ts').matchAll(/^ {6}readonly type: '(.+)';$/gm)];
    expect(events.map(({ type }) => type)).toEqual(types.map(([, type]) => type));
    expect(types.length).toBeGreaterThan(20);
    expect(events.filter(({ comment }) => comment === '')).toEqual([]);
  });

  test('lists every event with every property', async () => {
    await expect(renderEventPage(events)).toMatchFileSnapshot(join(root, 'docs/events.md'));
  });
});

describe('docs/decisions', () => {
  const folder = 'docs/decisions';
  const index = readPage(`${folder}/README.md`);
  const files = readdirSync(join(root, folder)).filter((name) => /^\d{4}-/.test(name));

  test('are numbered without gaps', () => {
    expect(files.map((name) => Number(name.slice(0, 4)))).toEqual(files.map((_, position) => position + 1));
  });

  test.each(files)('%s: has a date, a status and three sections, and is in the index', (name) => {
    const text = readPage(`${folder}/${name}`);
    const [, number, title = ''] = text.match(/^# (\d{4}): (.+)$/m) ?? [];
    const [, date = '', status = ''] =
      text.match(/^Date: (\d{4}-\d\d-\d\d)\. Status: (accepted|superseded)\b/m) ?? [];
    expect(number).toBe(name.slice(0, 4));
    expect(index).toContain(`| [${number}](${name}) | ${title} | ${date} | ${status}`);
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, section]) => section);
    expect(sections).toEqual(expect.arrayContaining(['Context', 'Decision', 'Consequences']));
  });
});
