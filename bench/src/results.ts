import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Report, Table } from './benchmark.ts';
import { describeMachine, here, readVersion } from './environment.ts';

const file = join(here, 'RESULTS.md');
const order = ['size', 'verify', 'session', 'start', 'refresh', 'nest', 'scale', 'next'];
const introduction = `# Measurements

Written by \`pnpm bench\`; a benchmark replaces its section when it runs again. Contenders alternate within a run, so
compare values within a table, not across tables. Each value is the median, with the interquartile range in parentheses.
`;

/** Replaces the section of a benchmark. The other sections stay unchanged. */
export function writeSection(benchmark: Benchmark, report: Report): void {
  const sections = existsSync(file) ? parseSections(readFileSync(file, 'utf8')) : new Map<string, string>();
  sections.set(benchmark.name, toSection(benchmark, report));
  const texts = [...sections].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, text]) => text);
  writeFileSync(file, [introduction, ...texts].join('\n'));
}

const marker = (name: string) => `<!-- ${name} -->`;

function parseSections(text: string): Map<string, string> {
  const parts = text.split(/^(?=<!-- [a-z]+ -->$)/m).slice(1);
  return new Map(parts.map((part) => [/^<!-- ([a-z]+) -->/.exec(part)?.[1] ?? '', `${part.trimEnd()}\n`]));
}

export function toSection({ name, title }: Benchmark, { tables, limits, notes, packages }: Report): string {
  const date = new Date().toISOString().slice(0, 10);
  const versions = packages.map((each) => `${each} ${readVersion(each)}`).join(', ');
  return [
    `${marker(name)}\n## ${title}\n`,
    `Node ${process.versions.node}; ${describeMachine()}; ${date}.\n`,
    ...tables.map((table) => `${markdown(table)}\n`),
    ...(limits.length > 0 ? [`${markdown(limitTable(limits))}\n`] : []),
    ...notes.map((note) => `${note}\n`),
    ...(versions === '' ? [] : [`Versions: ${versions}.\n`]),
  ].join('\n');
}

const limitTable = (limits: Report['limits']): Table => ({
  title: 'Limits',
  head: ['limit', 'measured', 'holds'],
  rows: limits.map(({ what, measured, holds }) => [what, measured, holds ? 'yes' : '**no**']),
});

function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
  return [`### ${title}\n`, line(head), rule, ...rows.map(line)].join('\n');
}
