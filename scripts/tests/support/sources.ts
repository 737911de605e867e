import { globSync } from 'node:fs';
import ts from 'typescript';
import { root } from '../../lib/processes/process.ts';

/** The sources of the packages, without tests, as paths from the root. */
export const sources: readonly string[] = globSync(
  'packages/*/{src,testing,worker,rxjs-interop}/**/*.{ts,tsx}',
  { cwd: root },
).filter((file) => !/\.(test|test-d|spec)\.tsx?$|node_modules/.test(file));

export const parseSource = (code: string): ts.SourceFile =>
  ts.createSourceFile('file.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);

/** Calls a function for a node and all nodes in it. */
export function visitNodes(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitNodes(child, visit));
}

/** Finds the line of each node that matches. */
export function findLines(code: string, matches: (node: ts.Node) => boolean): number[] {
  const source = parseSource(code);
  const lines: number[] = [];
  visitNodes(source, (node) => {
    if (matches(node)) lines.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
  });
  return lines;
}
