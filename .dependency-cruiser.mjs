// Import rules. The condition @countersign/source resolves packages to their sources, so no build is needed.

const core = '^packages/core/src/';
const adapters = ['next', 'nest', 'angular', 'redis', 'sql'];

/** Files that are not published. */
const tests = '\\.(test|spec|test-d)\\.tsx?$|/test-setup\\.ts$|/(test|tests|tests?/support|conformance)/';

/** Browser tests, benchmarks and the commands of the repository, which are not published. */
const tools = '^(e2e|bench|scripts)/';

/** The public entries of core. */
const coreEntries = `${core}(index|(browser|browser/worker|session|resource-server|node)/index|session/adapter)\\.ts$`;

/** Models of browser and provider for the tests of all packages. */
const coreTestSupport = '^packages/core/tests/support/';

const upper = ['browser', 'session', 'resource-server'];

const forbidden = [
  {
    name: 'core-lowest-layer',
    comment: 'internal, errors and events are the lowest layer of core: they import no other layer.',
    severity: 'error',
    from: { path: `${core}(internal/|errors/|(?!index\\.ts$)[^/]+$)`, pathNot: tests },
    to: { path: `${core}(protocol|client|providers|tokens|browser|session|resource-server|node)/` },
  },
  {
    name: 'core-protocol-layer',
    comment: 'protocol imports internal, errors and events only.',
    severity: 'error',
    from: { path: `${core}protocol/`, pathNot: tests },
    to: { path: `${core}(client|providers|tokens|browser|session|resource-server|node)/` },
  },
  {
    name: 'core-protocol-without-io',
    comment:
      'protocol contains rules without I/O: no file of it reaches the code that sends requests and reads responses.',
    severity: 'error',
    from: { path: `${core}protocol/`, pathNot: tests },
    // `retry-after.ts` only reads the text of a header.
    to: {
      path: `${core}internal/fetch/|(^|/)(undici|oauth4webapi)/`,
      pathNot: `${core}internal/fetch/retry-after\\.ts$`,
      reachable: true,
    },
  },
  {
    name: 'core-middle-layer',
    comment: 'client, providers and tokens never import browser, session, resource-server or node.',
    severity: 'error',
    from: { path: `${core}(client|providers|tokens)/`, pathNot: tests },
    to: { path: `${core}(browser|session|resource-server|node)/` },
  },
  ...upper.map((name) => ({
    name: `core-${name}-is-independent`,
    comment: 'browser, session and resource-server never import one another.',
    severity: 'error',
    from: { path: `${core}${name}/`, pathNot: tests },
    to: { path: `${core}(${upper.filter((other) => other !== name).join('|')})/` },
  })),
  {
    name: 'core-never-imports-node',
    comment: 'Core does not import node: applications pass it in options.',
    severity: 'error',
    from: { path: core, pathNot: [`${core}node/`, tests] },
    to: { path: `${core}node/` },
  },
  {
    name: 'core-node-imports-lower-layers',
    comment: 'node imports only internal, errors and events.',
    severity: 'error',
    from: { path: `${core}node/`, pathNot: tests },
    to: { path: `${core}(protocol|client|providers|tokens|browser|session|resource-server)/` },
  },
  {
    name: 'core-root-entry-only-for-users',
    comment: 'The root entry only re-exports; inside core, import the file itself.',
    severity: 'error',
    from: { path: core, pathNot: tests },
    to: { path: `${core}index\\.ts$` },
  },
  {
    name: 'core-undici-only-in-node',
    comment: 'Only node/ imports undici.',
    severity: 'error',
    from: { path: core, pathNot: [`${core}node/`, tests] },
    to: { path: '(^|/)undici(/|$)|^undici' },
  },
  {
    name: 'core-builtins-only-in-node-and-platform',
    comment:
      "Only node/ and internal/platform/ import Node's modules: core runs on edge runtimes and in browsers.",
    severity: 'error',
    from: { path: core, pathNot: [`${core}(node|internal/platform)/`, tests] },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'core-platform-by-name',
    comment: 'Import platform files as #platform, so that the bundler or runtime chooses the file.',
    severity: 'error',
    from: { path: core, pathNot: [`${core}internal/platform/`, tests] },
    to: { path: `${core}internal/platform/`, dependencyTypesNot: ['aliased'] },
  },
  {
    name: 'core-imports-no-adapter',
    comment: 'Core imports no other package of this repository, no app and no framework.',
    severity: 'error',
    from: { path: core, pathNot: tests },
    to: {
      path: '^(packages/(?!core/)|apps/)|(^|/)(next|react|react-dom|rxjs|redis|pg|postgres|mysql2|@angular/[^/]+|@nestjs/[^/]+)(/|$)',
    },
  },
  {
    name: 'core-by-public-subpath',
    comment: 'Other packages and apps import the public entries of core, never its files.',
    severity: 'error',
    // Benchmarks also measure single files of core.
    from: { path: '^(packages/(?!core/)|apps/)' },
    to: { path: '^packages/core/', pathNot: [coreEntries, coreTestSupport] },
  },
  {
    name: 'core-by-name',
    comment: 'Import core by its name, not by a relative path.',
    severity: 'error',
    from: { path: '^(packages/(?!core/)|apps/)' },
    to: {
      path: '^packages/core/',
      pathNot: coreTestSupport,
      dependencyTypes: ['local'],
      dependencyTypesNot: ['aliased'],
    },
  },
  {
    name: 'core-test-support-only-in-tests',
    comment: 'Only tests import the test models of core.',
    severity: 'error',
    from: { pathNot: [tests, tools] },
    to: { path: coreTestSupport },
  },
  ...adapters.map((name) => ({
    name: `adapter-${name}-is-independent`,
    comment: 'Adapters never import each other.',
    severity: 'error',
    from: { path: `^packages/${name}/` },
    to: { path: `^packages/(${adapters.filter((other) => other !== name).join('|')})/` },
  })),
  {
    name: 'adapters-decide-nothing',
    comment:
      'Security decisions are in core: adapters import no cryptography, no protocol library and no cookie parser.',
    severity: 'error',
    from: { path: '^packages/(next|nest|angular)/', pathNot: tests },
    to: { path: '^(node:)?crypto$|^#platform$|(^|/)(jose|oauth4webapi|cookie|undici)(/|$)' },
  },
  {
    name: 'session-adapter-only-in-adapters',
    comment: './session/adapter is plumbing of adapters. Applications use ./session or an adapter.',
    severity: 'error',
    from: { pathNot: ['^packages/(next|nest|angular)/', tests, tools] },
    to: { path: `${core}session/adapter\\.ts$` },
  },
  {
    name: 'testing-only-in-tests',
    comment: '@countersign/testing may import everything; only tests import it.',
    severity: 'error',
    from: { path: '^(packages/(?!testing/)|apps/)', pathNot: tests },
    to: { path: '^packages/testing/' },
  },
  {
    name: 'packages-import-no-app',
    comment: 'Published code never imports an app.',
    severity: 'error',
    from: { path: '^packages/' },
    to: { path: '^(apps|e2e|bench)/' },
  },
  {
    name: 'apps-are-independent',
    comment: 'An app is a sample to copy: it never imports another app. Its tests may start one.',
    severity: 'error',
    from: { path: '^apps/([^/]+)/', pathNot: tests },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'apps-import-packages-by-name',
    comment: 'Apps import packages by name, as their users do.',
    severity: 'error',
    from: { path: '^apps/' },
    to: { path: '^packages/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
  },
  {
    name: 'framework-is-a-peer',
    comment: 'A framework (and redis, undici) is a peer dependency: the application chooses its version.',
    severity: 'error',
    from: { path: '^packages/(core|next|nest|angular|redis|sql)/', pathNot: tests },
    to: {
      path: '(^|/)(next|react|react-dom|rxjs|redis|pg|postgres|mysql2|undici|reflect-metadata|@opentelemetry/api|@angular/[^/]+|@nestjs/[^/]+)(/|$)',
      pathNot: '^packages/',
      dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['npm-peer'],
    },
  },
  {
    name: 'published-code-declares-imports',
    comment: 'Published code imports only what its package.json lists as a dependency or peer.',
    severity: 'error',
    from: { path: '^packages/[^/]+/(src|testing)/', pathNot: tests },
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['npm-peer', 'npm', 'type-only', 'aliased'],
    },
  },
  {
    name: 'no-cycle',
    comment: 'Import cycles hide the order of layers.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'imports-resolve',
    comment: 'Unresolved imports cannot be checked.',
    severity: 'error',
    from: { path: '^(packages|apps|scripts)/' },
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    // Its paths are how core's tests reach the testing package, which core's manifest cannot name.
    tsConfig: { fileName: 'packages/core/tsconfig.node.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    exclude: {
      path: '(^|/)(dist|\\.test|\\.next|\\.angular|\\.turbo|coverage|test-results|playwright-report)/',
    },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@countersign/source', 'node', 'import', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.jsx', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
    builtInModules: { add: [] },
  },
};
