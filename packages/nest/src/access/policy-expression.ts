import { ConfigurationError } from '@countersign/core/resource-server';

/** A policy, or a combination of policies. */
export type PolicyExpression<Policy> =
  | Policy
  | { readonly all: readonly PolicyExpression<Policy>[] }
  | { readonly any: readonly PolicyExpression<Policy>[] }
  | { readonly not: PolicyExpression<Policy> };

interface Combination<Policy> {
  readonly all?: readonly PolicyExpression<Policy>[];
  readonly any?: readonly PolicyExpression<Policy>[];
  readonly not?: PolicyExpression<Policy>;
}

const operators = ['all', 'any', 'not'] as const;

type Parsed<Policy> =
  | { readonly combination: Combination<Policy>; readonly policy?: never }
  | { readonly combination?: never; readonly policy: Policy };

function parseExpression<Policy>(expression: PolicyExpression<Policy>): Parsed<Policy> {
  const isCombination =
    typeof expression === 'object' &&
    expression !== null &&
    operators.some((name) => Object.hasOwn(expression, name));
  return isCombination
    ? { combination: expression as Combination<Policy> }
    : { policy: expression as Policy };
}

/**
 * Evaluates the policies in their order, until the result is known. An exception of a policy is thrown, even below `any` and
 * `not`: the result is then unknown.
 */
export async function evaluatePolicy<Policy>(
  expression: PolicyExpression<Policy>,
  decide: (policy: Policy) => unknown,
): Promise<boolean> {
  const { combination, policy } = parseExpression(expression);
  if (!combination) return (await decide(policy)) === true;
  const { all, any, not } = combination;
  if (all) {
    for (const each of all) if (!(await evaluatePolicy(each, decide))) return false;
    return true;
  }
  if (any) {
    for (const each of any) if (await evaluatePolicy(each, decide)) return true;
    return false;
  }
  return !(await evaluatePolicy(not as PolicyExpression<Policy>, (each) => decideForNot(each, decide)));
}

/** Without this check, a policy that returns nothing denies, and its negation allows. */
async function decideForNot<Policy>(policy: Policy, decide: (policy: Policy) => unknown): Promise<boolean> {
  const decision = await decide(policy);
  if (typeof decision === 'boolean') return decision;
  throw new TypeError(
    `The result of a policy below "not" is a value of type ${typeof decision}, expected true or false.`,
  );
}

/** Lists the policies of an expression. */
export function listPolicies<Policy>(expression: PolicyExpression<Policy>): Policy[] {
  const { combination, policy } = parseExpression(expression);
  if (!combination) return [policy];
  const { all, any, not } = combination;
  return [...(all ?? []), ...(any ?? []), ...(not === undefined ? [] : [not])].flatMap((each) =>
    listPolicies(each),
  );
}

interface ExpressionOptions<Policy> {
  /** The decorator or function, for the message. */
  readonly name: string;
  readonly isPolicy: (value: Policy) => boolean;
}

/**
 * Checks an expression when it is declared. An empty combination is rejected: `all` of no policy would allow everything.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkPolicy<Policy>(
  expression: PolicyExpression<Policy>,
  options: ExpressionOptions<Policy>,
): void {
  const { combination, policy } = parseExpression(expression);
  if (!combination) {
    if (options.isPolicy(policy)) return;
    throw new ConfigurationError(
      'invalid_option',
      `The policy of ${options.name} is ${describeValue(policy)}, expected a function, the class of a provider, or ` +
        '{ all }, { any } or { not } with such policies. If a class is undefined, its file and this one import each other.',
    );
  }
  const { all, any, not } = combination;
  const usedKeys = Object.keys(combination);
  const list = all ?? any;
  const isValid =
    usedKeys.length === 1 && (list ? Array.isArray(list) && list.length > 0 : 'not' in combination);
  if (!isValid)
    throw new ConfigurationError(
      'invalid_option',
      `The policy of ${options.name} is a combination with the members ${usedKeys.map((name) => `"${name}"`).join(', ')}, ` +
        'expected one member, { all: [...] }, { any: [...] } or { not: ... }, with at least one policy.',
    );
  for (const each of list ?? [not as PolicyExpression<Policy>]) checkPolicy(each, options);
}

const describeValue = (value: unknown): string =>
  typeof value === 'function'
    ? `the class ${value.name}, which has no method that decides`
    : value === null || value === undefined
      ? String(value)
      : `a value of type ${typeof value}`;

/** Formats an expression for the access report. */
export function formatPolicy<Policy>(
  expression: PolicyExpression<Policy>,
  format: (policy: Policy) => string,
): string {
  const { combination, policy } = parseExpression(expression);
  if (!combination) return format(policy);
  const { all, any, not } = combination;
  if (not !== undefined) return `not(${formatPolicy(not, format)})`;
  const list = (all ?? any ?? []).map((each) => formatPolicy(each, format));
  return `${all ? 'all' : 'any'}(${list.join(', ')})`;
}
