import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  errorExplanations,
  providerErrorRemedies,
} from '../../../packages/core/src/errors/error-explanations.ts';
import { renderErrorPage } from '../../lib/documents/error-page.ts';
import { readEvents, renderEventPage } from '../../lib/documents/event-page.ts';
import { listEntries, listPublishedPackages } from '../../lib/packages/packages.ts';
import { readRepositoryUrl } from '../../lib/packages/repository.ts';
import { root } from '../../lib/processes/process.ts';

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

  test('names each RFC whose sections the sources name', () => {
    const sources = globSync('packages/*/{src,rxjs-interop,testing,worker}/**/*.{ts,tsx}', { cwd: root });
    const numbers = new Set(
      sources.flatMap((file) => [...readPage(file).matchAll(/\/rfc\/rfc(\d+)/g)].map(([, number]) => number)),
    );
    expect(numbers.size).toBeGreaterThan(30);
    // The matrix has the draft that replaces RFC 6265.
    const page = readPage('docs/rfc-matrix.md');
    expect([...numbers].filter((number) => !page.includes(`[RFC ${number}`))).toEqual([]);
  });
});

describe('README.md', () => {
  test.each(listPublishedPackages())('lists the entries of $name', (pkg) => {
    const row = readPage('README.md')
      .split('\n')
      .find((line) => line.startsWith(`| [\`${pkg.name}\`]`));
    const listed = [...(row ?? '').matchAll(/`(\.|\/[\w/-]+)`/g)].map(([, entry = '']) => entry);
    expect(listed.sort()).toEqual(
      listEntries(pkg)
        .map((subpath) => (subpath === '.' ? '.' : subpath.slice(1)))
        .sort(),
    );
  });
});

describe('docs/errors.md', () => {
  const page = readPage('docs/errors.md');

  test('lists every code and no other', () => {
    const rows = page.matchAll(/^\| `(\w+)` \|/gm).map(([, code]) => code);
    expect([...rows].sort()).toEqual(Object.keys(errorExplanations).sort());
  });

  test('contains the explanation of each code', async () => {
    await expect(renderErrorPage(page, errorExplanations, providerErrorRemedies)).toMatchFileSnapshot(
      join(root, 'docs/errors.md'),
    );
  });

  test('contains the remedy of each error of a provider, as the log does', () => {
    const rows = [...page.matchAll(/^\| `error`: `(\w+)` \| (.+) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, error, remedy]) => [error, remedy]))).toEqual(
      providerErrorRemedies,
    );
  });
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

describe('migration guides', () => {
  const section =
    /^## Migrating from another library\n([\s\S]*)/m.exec(readPage('docs/README.md'))?.[1] ?? '';
  const guides = [...section.matchAll(/\((guides\/[\w-]+\.md)\)/g)].map(([, path]) => `docs/${path}`);
  /** What a guide names, by the package that it leads to. */
  const testing = { angular: 'provideAuthTesting(', nest: 'overrideAuth(', next: 'createTestSession(' };

  test.each(guides)('%s: has the steps that come first, both listings, and the changes of tests', (guide) => {
    const page = readPage(guide);
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const expected = ['Before you start', 'Before', 'After', 'Unit tests and mocks'];
    expect(headings.filter((heading = '') => expected.includes(heading))).toEqual(expected);
    const [, name] = /@countersign\/(angular|nest|next)\b/.exec(page) ?? [];
    const sections = Object.fromEntries(
      page.split(/^## /m).map((text) => [text.slice(0, text.indexOf('\n')), text]),
    );
    expect(sections['Before you start']).toContain('`module`');
    expect(sections.Before).toContain('skip=code of ');
    expect(sections.After).toMatch(/^```tsx?$/m);
    expect(sections['Unit tests and mocks']).toContain(testing[name as keyof typeof testing]);
    if (name === 'angular') expect(sections.After).toContain('@NgModule(');
  });

  test('are nine', () => {
    expect(guides).toHaveLength(9);
  });

  test('only listings of the previous library are not compiled', () => {
    const skipped = pages.flatMap((page) =>
      readPage(page)
        .split(/^(?=## )/m)
        .filter((section) => /<!-- example:[^>]* skip=/.test(section) && !section.startsWith('## Before\n'))
        .map((section) => `${page}: ${section.split('\n')[0]}`),
    );
    expect(skipped).toEqual([]);
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
