import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBlocks } from './lib/examples/check-blocks.ts';
import { readBlocks } from './lib/examples/markdown.ts';
import { root } from './lib/processes/process.ts';
import { dim, green, red } from './lib/terminal/style.ts';

const pages = globSync(['README.md', '{packages,apps}/*/README.md', 'docs/**/*.md'], { cwd: root }).sort();
const blocks = pages
  // Names of pages select them.
  .filter((page) => process.argv.length < 3 || process.argv.slice(2).includes(page))
  .flatMap((page) => readBlocks(page, readFileSync(join(root, page), 'utf8')));
const results = await checkBlocks(blocks);
const failures = results.filter(({ messages }) => messages.length > 0);
for (const { name, messages } of failures)
  console.log(
    `${red('✗')} ${name}\n${messages.map((message) => `    ${message.replaceAll('\n', '\n    ')}`).join('\n')}`,
  );
for (const { name, skipped } of results) if (skipped) console.log(dim(`not compiled: ${name}: ${skipped}`));
if (failures.length === 0) console.log(`${green('✓')} ${pages.length} pages`);
console.log(`${results.length - failures.length} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
