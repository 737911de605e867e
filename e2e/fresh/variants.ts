import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlocks } from '../../scripts/lib/examples/markdown.ts';
import { root } from '../../scripts/lib/processes/process.ts';
import { type Application, api, spa, web } from './applications.ts';

/** Nest 11 generates CommonJS and Jest: the README states what differs. */
const api11: Application = {
  ...api,
  name: 'api-11',
  generator: { name: '@nestjs/cli', version: '11.0.13' },
  major: 11,
  replacements: (values) => [
    ...api.replacements(values),
    [".js';", "';"],
    ['await bootstrap();', 'void bootstrap();'],
  ],
  prepare: configureJest,
};

const spaZone: Application = {
  ...spa,
  name: 'spa-zone',
  generator: { ...spa.generator, options: '--zoneless=false' },
};

const webpack = {
  development: 'npm run dev -- --webpack',
  build: 'npm run build -- --webpack',
  lockfile: 'web',
} as const;

/** The sources are in `src`, and webpack builds the application. */
const webSource: Application = {
  ...web,
  ...webpack,
  name: 'web-src-webpack',
  generator: { ...web.generator, options: '--src-dir' },
  place: (path) => (path.startsWith('.env') ? path : `src/${path}`),
};

/** Babel compiles the application and its packages, which requires webpack. Its development server takes minutes. */
const webBabel: Application = {
  ...web,
  ...webpack,
  name: 'web-babel',
  development: undefined,
  prepare: configureBabel,
};

/** Other choices in the generators. */
export const variants: readonly Application[] = [api11, spaZone, webSource, webBabel];

/** Adds the configuration, and a layout without `next/font`, which requires SWC. */
async function configureBabel(folder: string): Promise<void> {
  await writeFile(join(folder, '.babelrc'), '{ "presets": ["next/babel"] }\n');
  await writeFile(
    join(folder, 'app/layout.tsx'),
    `import type { ReactNode } from 'react';

export default function RootLayout({ children }: { children: ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
  );
}

/** Adds the lines of the section "Tests" of the README to the configurations of Jest. */
async function configureJest(folder: string): Promise<void> {
  const blocks = readBlocks(api.page, readFileSync(join(root, api.page), 'utf8'));
  const lines = blocks.find(({ code }) => code.includes('transformIgnorePatterns'))?.code;
  if (lines === undefined) throw new Error(`${api.page} does not contain "transformIgnorePatterns".`);
  const settings = JSON.parse(`{${lines}}`) as object;
  const change = async (file: string, edit: (content: Record<string, object>) => object) => {
    const path = join(folder, file);
    const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>;
    await writeFile(path, `${JSON.stringify(edit(content), undefined, 2)}\n`);
  };
  await change('package.json', (content) => ({ ...content, jest: { ...content.jest, ...settings } }));
  await change('test/jest-e2e.json', (content) => ({ ...content, ...settings }));
}
