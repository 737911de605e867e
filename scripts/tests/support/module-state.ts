import ts from 'typescript';
import { parseSource, visitNodes } from './sources.ts';

/**
 * Finds the mutable state at module level in a source file. This is: variables, weak collections, buffers, the state in
 * classes, properties of the global object, and collections and arrays that the file changes or exports as mutable. A
 * property of the global object has the name of its registered symbol.
 */
export function findModuleState(code: string): string[] {
  const source = parseSource(code);
  const changed = findChangedNames(source);
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement)) for (const name of listStaticState(statement)) names.add(name);
    if (!ts.isVariableStatement(statement) || hasModifier(statement, ts.SyntaxKind.DeclareKeyword)) continue;
    const { declarations, flags } = statement.declarationList;
    const isExported = hasModifier(statement, ts.SyntaxKind.ExportKeyword);
    for (const declaration of declarations) {
      // Its properties are found below.
      if (declaration.initializer && isGlobalObject(declaration.initializer)) continue;
      const isVariable = (flags & ts.NodeFlags.Const) === 0;
      for (const name of listNames(declaration.name))
        if (isVariable || changed.has(name) || isMutable(declaration, { isExported })) names.add(name);
    }
  }
  for (const name of findGlobalProperties(source)) names.add(name);
  return [...names].sort();
}

export const hasModifier = (node: ts.HasModifiers, kind: ts.SyntaxKind) =>
  node.modifiers?.some((modifier) => modifier.kind === kind) === true;

const listNames = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : listNames(element.name)));

function* listStaticState({ name, members }: ts.ClassDeclaration): Iterable<string> {
  for (const member of members) {
    if (!ts.isPropertyDeclaration(member) || !hasModifier(member, ts.SyntaxKind.StaticKeyword)) continue;
    const isReadonly = hasModifier(member, ts.SyntaxKind.ReadonlyKeyword);
    if (!isReadonly || isMutable(member, { isExported: true }))
      yield `${name?.text}.${member.name.getText()}`;
  }
}

/** Checks whether the value of a constant can only be meant to change, or can be changed by other files. */
function isMutable(
  { type, initializer }: ts.VariableDeclaration | ts.PropertyDeclaration,
  { isExported }: { readonly isExported: boolean },
): boolean {
  const created = initializer && findCreatedClass(initializer);
  if (created === undefined) return false;
  if (/^(WeakMap|WeakSet|WeakRef|ArrayBuffer|Buffer|\w+Array)$/.test(created)) return true;
  return isExported && /^(Map|Set)$/.test(created) && !/^Readonly/.test(type?.getText() ?? '');
}

/** The class in `new Map()` and `Buffer.alloc()`. */
function findCreatedClass(initializer: ts.Expression): string | undefined {
  const { expression } = initializer as Partial<ts.NewExpression | ts.CallExpression>;
  if (ts.isNewExpression(initializer)) return expression?.getText();
  const isAllocation = ts.isCallExpression(initializer) && /^Buffer\.alloc/.test(expression?.getText() ?? '');
  return isAllocation ? 'Buffer' : undefined;
}

const changingMethods = /^(set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)$/;

/** Finds the names whose values a file changes. Names inside functions count too, so declare them differently. */
function findChangedNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (expression: ts.Node) => {
    let object = expression;
    while (ts.isPropertyAccessExpression(object) || ts.isElementAccessExpression(object))
      object = object.expression;
    if (object !== expression && ts.isIdentifier(object) && !isShadowed(object)) names.add(object.text);
  };
  visitNodes(source, (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: object, name } = node.expression;
      if (changingMethods.test(name.text) && ts.isIdentifier(object)) add(node.expression);
      const isDefinition = /^(Object|Reflect)\.(assign|defineProper|set)/.test(node.expression.getText());
      const [target] = node.arguments;
      if (isDefinition && target && ts.isIdentifier(target) && !isShadowed(target)) names.add(target.text);
    }
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) add(node.left);
    if (ts.isDeleteExpression(node)) add(node.expression);
    if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) {
      const { PlusPlusToken, MinusMinusToken } = ts.SyntaxKind;
      if (node.operator === PlusPlusToken || node.operator === MinusMinusToken) add(node.operand);
    }
  });
  return names;
}

const isAssignment = (kind: ts.SyntaxKind) =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** Checks whether a function or block around an identifier declares the same name. */
function isShadowed(identifier: ts.Identifier): boolean {
  for (let scope: ts.Node = identifier.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    const declarations = [
      ...(ts.isFunctionLike(scope) ? scope.parameters : []),
      ...(ts.isBlock(scope) ? scope.statements.filter(ts.isVariableStatement) : []).flatMap(
        ({ declarationList }) => declarationList.declarations,
      ),
      ...((ts.isForOfStatement(scope) || ts.isForStatement(scope) || ts.isForInStatement(scope)) &&
      scope.initializer &&
      ts.isVariableDeclarationList(scope.initializer)
        ? scope.initializer.declarations
        : []),
    ];
    if (declarations.some(({ name }) => listNames(name).includes(identifier.text))) return true;
  }
  return false;
}

/** Finds the properties that a file adds to the global object: `globalThis as { [key]?: ... }` and `globalThis.name = ...`. */
function findGlobalProperties(source: ts.SourceFile): readonly string[] {
  const symbols = new Map<string, string>();
  const properties: string[] = [];
  visitNodes(source, (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
      const registered = /^Symbol\.for\(['"](.+)['"]\)/.exec(node.initializer?.getText() ?? '');
      if (registered?.[1] !== undefined) symbols.set(node.name.text, registered[1]);
    }
    if (ts.isAsExpression(node) && isGlobalObject(node.expression) && ts.isTypeLiteralNode(node.type))
      for (const { name } of node.type.members)
        if (name && ts.isComputedPropertyName(name)) properties.push(name.expression.getText());
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) {
      const { left } = node;
      if (ts.isPropertyAccessExpression(left) && isGlobalObject(left.expression))
        properties.push(left.name.text);
      if (ts.isElementAccessExpression(left) && isGlobalObject(left.expression))
        properties.push(left.argumentExpression.getText());
    }
  });
  return properties.map((name) => symbols.get(name) ?? name);
}

function isGlobalObject(expression: ts.Expression): boolean {
  let inner = expression;
  while (ts.isAsExpression(inner) || ts.isParenthesizedExpression(inner)) inner = inner.expression;
  return ts.isIdentifier(inner) && inner.text === 'globalThis';
}
