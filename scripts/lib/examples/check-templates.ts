import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type ts from 'typescript';
import type { Check } from './compile.ts';

/** The part of `@angular/compiler-cli` that is used. */
interface Compiler {
  createCompilerHost(settings: { options: ts.CompilerOptions; tsHost: ts.CompilerHost }): ts.CompilerHost;
  createProgram(settings: {
    rootNames: readonly string[];
    options: ts.CompilerOptions;
    host: ts.CompilerHost;
  }): {
    getTsProgram(): ts.Program;
    getNgStructuralDiagnostics(): readonly ts.Diagnostic[];
    getNgSemanticDiagnostics(): readonly ts.Diagnostic[];
  };
}

/** Creates a check with Angular's compiler, which also checks templates, of the version that a folder has installed. */
export async function checkTemplates(directory: string): Promise<Check> {
  const path = createRequire(join(directory, 'package.json')).resolve('@angular/compiler-cli');
  const compiler = (await import(pathToFileURL(path).href)) as Compiler;
  return (files, settings, tsHost) => {
    const options = { ...settings, strictTemplates: true, compilationMode: 'full' };
    const host = compiler.createCompilerHost({ options, tsHost });
    const program = compiler.createProgram({ rootNames: files, options, host });
    const types = program.getTsProgram();
    const templates = [...program.getNgStructuralDiagnostics(), ...program.getNgSemanticDiagnostics()];
    return (file) => {
      const source = types.getSourceFile(file);
      if (source === undefined) throw new Error(`${file} is not in the program.`);
      return [
        ...types.getSyntacticDiagnostics(source),
        ...types.getSemanticDiagnostics(source),
        ...templates.filter((diagnostic) => diagnostic.file?.fileName === file),
      ];
    };
  };
}
