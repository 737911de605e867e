import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../scripts/lib/processes/process.ts';
import type { Application } from './applications.ts';

export interface Transcript {
  readonly application: Application;
  readonly commands: readonly { readonly command: string; readonly seconds: number }[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Writes the page that shows what a run has executed. Does nothing without `--latest`, so that other runs change no file. */
export async function writeTranscript(transcript: readonly Transcript[], latest: boolean): Promise<void> {
  if (!latest) return;
  await writeFile(join(root, 'docs/first-minutes.md'), createPage(transcript));
}

function createPage(transcript: readonly Transcript[]): string {
  const sections = transcript.map(({ application, commands, versions }) => {
    const seconds = commands.reduce((sum, each) => sum + each.seconds, 0);
    const rows = commands.map((each) => `| \`${each.command}\` | ${each.seconds} s |`);
    return `## ${titles[application.name] ?? application.name}

${application.generator.options ? `Generated with \`${application.generator.options}\`. ` : ''}The section "From nothing" of [${application.page}](../${application.page}), with ${Object.entries(
      versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}:

| command | took |
|---|---|
${rows.join('\n')}

Commands: ${Math.ceil(seconds / 60)} min. Also run afterwards: ${[
      ...(application.development ? [`\`${application.development.replace(' -- --port PORT', '')}\``] : []),
      `\`${application.build ?? 'npm run build'}\``,
      ...(application.production ? [`\`${application.production}\``] : []),
      ...application.checks.map((check) => `\`${check}\``),
    ].join(', ')}.
`;
  });
  return `# The first minutes

\`npx pnpm@12.21.0 exec node e2e/fresh/main.ts --latest\` writes this page, with the packages that \`test:fresh\` has packed. It executes the commands of the READMEs and writes their files, in applications that the frameworks' generators create. What differs from the READMEs:

- The addresses, the client and its secrets are those of a local provider, with the option \`allowInsecureIssuer\`, because it has plain http.
- The packages under test are installed from packed files.
- The generators run with \`--skip-install\`, then \`npm install\` installs the dependencies, from the cache of npm where possible. The times contain both.
- Google Fonts, which the generated layout of Next.js downloads, are replaced by a local response.
- Variants have further options of the generator. The one with Babel has a layout without \`next/font\`; the one with Jest has the lines of the section "Tests" of its README.

A browser then opens the protected page of the development server and of the production build, logs in, sees the response of the generated API, reloads, and logs out.

${sections.join('\n')}`;
}

const titles: Readonly<Record<string, string>> = {
  api: 'NestJS',
  'api-11': 'NestJS 11, with Jest',
  web: 'Next.js',
  'web-src-webpack': 'Next.js with a `src` folder and webpack',
  'web-babel': 'Next.js with Babel and webpack',
  spa: 'Angular',
  'spa-zone': 'Angular with zone.js',
};
