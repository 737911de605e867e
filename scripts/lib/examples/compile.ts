import { dirname, join } from 'node:path';
import ts from 'typescript';

export interface Example {
  readonly name: string;
  /** A path beside the sources of a package, so that imports resolve as they do there. The file need not exist. */
  readonly file: string;
  readonly code: string;
  /** Whether missing imports are added. Default: true. */
  readonly addImports?: boolean;
  /** Messages of this many lines at the beginning are omitted, because another example reports them. Default: 0. */
  readonly repeatedLines?: number;
}

export interface CompileSettings {
  /** The folder of a package: its `tsconfig.json` applies. */
  readonly directory: string;
  /** Modules of the names that an example can use without an import. */
  readonly modules: readonly string[];
  /** Declarations of the application that the examples use. Default: none. */
  readonly application?: string;
  /** Replaces options of the `tsconfig.json`. Default: none. */
  readonly options?: ts.CompilerOptions;
  /** Creates the second program. Default: `ts.createProgram`. */
  readonly check?: Check;
}

/** Creates a program, and returns a function that returns the messages of a file. */
export type Check = (
  files: readonly string[],
  options: ts.CompilerOptions,
  host: ts.CompilerHost,
) => (file: string) => readonly ts.Diagnostic[];

/** Codes of the compiler for a name that is not declared, with and without a suggestion. */
const undeclaredName = [2304, 2552, 2580, 2582, 2583, 2584, 2593];

const checkTypes: Check = (files, options, host) => {
  const program = ts.createProgram([...files], options, host);
  return (file) => {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} is not in the program.`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  };
};

/** Compiles the examples and returns the messages of each, with the line in the example. */
export function compileExamples(
  examples: readonly Example[],
  { directory, modules, application = '', options: settings, check = checkTypes }: CompileSettings,
): ReadonlyMap<string, readonly string[]> {
  const options = { ...readOptions(directory), ...settings };
  const shared = new Map<string, ts.SourceFile | undefined>();
  const createHost = (files: ReadonlyMap<string, string>) => createMemoryHost(files, options, shared);
  const createFiles = (code: (example: Example) => string) =>
    new Map([
      ...examples.map((example) => [example.file, code(example)] as const),
      [join(directory, 'src/application.d.ts'), application],
    ]);

  const exports = findExports(directory, modules, (files) =>
    ts.createProgram([...files.keys()], options, createHost(files)),
  );
  const first = createFiles(({ code }) => `${code}\nexport {};\n`);
  const program = ts.createProgram([...first.keys()], options, createHost(first));
  const imports = new Map(
    examples.map((example) => [
      example,
      example.addImports === false ? '' : createImports(example, program, exports),
    ]),
  );
  // `export {}` makes each example a module, whose names do not conflict with those of other examples. One line holds all added imports.
  const files = createFiles((example) => `${imports.get(example) ?? ''}\n${example.code}\nexport {};\n`);
  const findDiagnostics = check([...files.keys()], options, createHost(files));
  return new Map(
    examples.map(({ name, file, repeatedLines = 0 }) => [
      name,
      findDiagnostics(file)
        .map((diagnostic) => toMessage(diagnostic, repeatedLines))
        .filter((message) => message !== undefined),
    ]),
  );
}

function toMessage(
  { file, start, messageText, code }: ts.Diagnostic,
  repeatedLines: number,
): string | undefined {
  const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
  if (line > 0 && line <= repeatedLines) return undefined;
  return `line ${Math.max(1, line - repeatedLines)}: TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

function readOptions(directory: string): ts.CompilerOptions {
  const config = ts.getParsedCommandLineOfConfigFile(join(directory, 'tsconfig.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(String(messageText));
    },
  });
  if (!config) throw new Error(`${directory} has no tsconfig.json.`);
  return { ...config.options, noEmit: true, types: ['node'] };
}

/** Serves files that exist in memory only. `shared` keeps the parsed files of the disk for the next program. */
function createMemoryHost(
  files: ReadonlyMap<string, string>,
  options: ts.CompilerOptions,
  shared: Map<string, ts.SourceFile | undefined>,
): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists, getSourceFile } = host;
  const folders = new Set<string>();
  for (const file of files.keys())
    for (
      let folder = dirname(file);
      !folders.has(folder) && folder !== dirname(folder);
      folder = dirname(folder)
    )
      folders.add(folder);
  return {
    ...host,
    fileExists: (file) => files.has(file) || fileExists.call(host, file),
    readFile: (file) => files.get(file) ?? readFile.call(host, file),
    directoryExists: (folder) => folders.has(folder) || directoryExists?.call(host, folder) === true,
    getSourceFile(file, languageVersion, onError, create) {
      const text = files.get(file);
      if (text !== undefined) return ts.createSourceFile(file, text, languageVersion, true);
      if (!shared.has(file))
        shared.set(file, getSourceFile.call(host, file, languageVersion, onError, create));
      return shared.get(file);
    },
  };
}

interface Export {
  readonly module: string;
  readonly isType: boolean;
}

/** Maps each exported name to the first of the modules that exports it. */
function findExports(
  directory: string,
  modules: readonly string[],
  create: (files: ReadonlyMap<string, string>) => ts.Program,
): ReadonlyMap<string, Export> {
  const file = join(directory, 'src/modules-of-examples.ts');
  const text = modules.map((name, index) => `import * as m${index} from '${name}';\n`).join('');
  const program = create(new Map([[file, text]]));
  const checker = program.getTypeChecker();
  const exportsByName = new Map<string, Export>();
  for (const statement of program.getSourceFile(file)?.statements ?? []) {
    if (!ts.isImportDeclaration(statement)) continue;
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (!symbol) throw new Error(`${module} cannot be resolved in ${directory}.`);
    for (const exported of checker.getExportsOfModule(symbol)) {
      if (exportsByName.has(exported.name)) continue;
      const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      exportsByName.set(exported.name, { module, isType: (target.flags & ts.SymbolFlags.Value) === 0 });
    }
  }
  return exportsByName;
}

/** Creates an import for each name that an example uses and one of the modules exports. */
function createImports(
  { file, code }: Example,
  program: ts.Program,
  exports: ReadonlyMap<string, Export>,
): string {
  const names = program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .filter((diagnostic) => undeclaredName.includes(diagnostic.code))
    .map(({ start = 0, length = 0 }) => code.slice(start, start + length));
  return [...new Set(names)]
    .flatMap((name) => {
      const exportedName = exports.get(name);
      return exportedName === undefined
        ? []
        : [`import { ${exportedName.isType ? 'type ' : ''}${name} } from '${exportedName.module}';`];
    })
    .join(' ');
}
