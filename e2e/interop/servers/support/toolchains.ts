import {
  findProgram,
  providePrograms,
  type SystemProgram,
} from '../../../../scripts/lib/programs/system-packages.ts';

const toolchains = {
  java: { title: 'Java', commands: ['java'], packages: ['default-jdk-headless'], variable: 'JAVA_PATH' },
  maven: { title: 'Maven', commands: ['mvn'], packages: ['maven'], variable: 'MAVEN_PATH' },
  go: {
    title: 'Go',
    commands: ['go'],
    packages: ['golang-go'],
    folders: ['/usr/local/go/bin'],
    variable: 'GO_PATH',
  },
  python: { title: 'Python', commands: ['python3'], packages: ['python3-venv'], variable: 'PYTHON_PATH' },
} as const satisfies Record<string, SystemProgram>;

export type Toolchain = keyof typeof toolchains;

/** Installs the programs where apt can. Returns the reason why a server cannot run without them. */
export async function provideToolchain(...names: readonly Toolchain[]): Promise<string | undefined> {
  const programs = names.map((name) => toolchains[name]);
  const { problem } = await providePrograms(programs, (detail) => console.log(`  ${detail}`));
  return problem;
}

export function getProgram(name: Toolchain): string {
  const path = findProgram(toolchains[name]);
  if (path === undefined) throw new Error(`${toolchains[name].title} is not installed.`);
  return path;
}
