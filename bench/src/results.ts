import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Report, Table } from './benchmark.ts';
import { here, machine, versionOf } from './environment.ts';

const file = join(here, 'RESULTS.md');
const order = ['size', 'verify', 'session', 'start', 'refresh', 'nest', 'scale', 'next'];
const introduction = `# Measurements

Written by \`pnpm bench\`; each section is replaced when its benchmark runs again. Contenders take turns within one
run, so compare within a table, not across tables. A value is the median, in brackets the middle half of all rounds.
`;

/** Replaces the section of a benchmark, and keeps the others as they are. */
export function writeSection(benchmark: Benchmark, report: Report): void {
  const sections = existsSync(file) ? sectionsOf(readFileSync(file, 'utf8')) : new Map<string, string>();
  sections.set(benchmark.name, section(benchmark, report));
  const texts = [...sections].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, text]) => text);
  writeFileSync(file, [introduction, ...texts].join('\n'));
}

const marker = (name: string) => `<!-- ${name} -->`;

function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^(?=<!-- [a-z]+ -->$)/m).slice(1);
  return new Map(parts.map((part) => [/^<!-- ([a-z]+) -->/.exec(part)?.[1] ?? '', `${part.trimEnd()}\n`]));
}

export function section({ name, title }: Benchmark, { tables, limits, notes, packages }: Report): string {
  const date = new Date().toISOString().slice(0, 10);
  const versions = packages.map((each) => `${each} ${versionOf(each)}`).join(', ');
  return [
    `${marker(name)}\n## ${title}\n`,
    `Node ${process.versions.node}; ${machine()}; ${date}.\n`,
    ...tables.map((table) => `${markdown(table)}\n`),
    ...(limits.length > 0 ? [`${markdown(limitTable(limits))}\n`] : []),
    ...notes.map((note) => `${note}\n`),
    ...(versions === '' ? [] : [`Versions: ${versions}.\n`]),
  ].join('\n');
}

const limitTable = (limits: Report['limits']): Table => ({
  title: 'What must hold',
  head: ['limit', 'measured', 'holds'],
  rows: limits.map(({ what, measured, holds }) => [what, measured, holds ? 'yes' : '**no**']),
});

function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
  return [`### ${title}\n`, line(head), rule, ...rows.map(line)].join('\n');
}
