import { AuthError, ConfigurationError } from '../../errors.ts';
import { removeNullMembers } from '../../internal/json/json.ts';
import { isProduction } from '../../internal/node-environment.ts';
import {
  checkAudience,
  checkIssuer,
  checkProfile,
  checkRequiredClaims,
  checkTimes,
  checkType,
  type ExpectedClaims,
} from '../claims/claims.ts';
import { isBuiltInCheck } from '../claims/profiles.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import type { Issuer } from '../issuers/issuer.ts';
import { createKeyFilter, findExpectedIssuer, findTrustedIssuer } from '../issuers/tenants.ts';
import { type CompactJws, parseJws } from '../parse-jws.ts';
import { invalidToken, Rejection } from '../rejections/rejection.ts';
import { checkAlgorithm, unknownIssuer } from '../token-verification.ts';
import { findRemedy } from './find-remedy.ts';

/**
 * Which checks would reject a token, for a developer. It contains neither the token nor a claim value except `iss`,
 * `aud`, `typ`, `alg` and times.
 */
export interface TokenExplanation {
  /** Whether a request with this token is accepted. A token that is bound to a key also needs its proof. */
  readonly accepted: boolean;
  /** The failed checks; the first one rejects the token. Empty if the token is accepted. */
  readonly problems: readonly TokenProblem[];
  /** The proof that a request with the token needs. `undefined` if it needs none. */
  readonly proof: 'dpop' | 'mtls' | 'dpop and mtls' | undefined;
  /** The explanation as text, one line for each problem. */
  readonly text: string;
}

/** One failed check of a token. */
export interface TokenProblem {
  /** The claim or check, as in the event `token.rejected`, or the code of an error if the check could not run. */
  readonly check: string;
  /** What is wrong. */
  readonly message: string;
  /** `undefined` if the check compares no value that may be shown. */
  readonly expected: string | undefined;
  /** `undefined` if the check compares no value that may be shown. */
  readonly found: string | undefined;
  /** What to do: the option that accepts the token, or what to change elsewhere. */
  readonly remedy: string;
}

export interface ExplanationContext {
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds. */
  readonly clockTolerance: number;
  /** The verification that decides about requests. */
  readonly verify: (token: string) => Promise<VerifiedAccessToken>;
  /** Checks how the token is bound. */
  readonly checkBinding: (token: VerifiedAccessToken) => void;
}

/** @throws ConfigurationError `wrong_context` in production */
export async function explainToken(token: string, context: ExplanationContext): Promise<TokenExplanation> {
  if (isProduction()) {
    throw new ConfigurationError(
      'wrong_context',
      'explainToken() is for development and does not run with NODE_ENV=production, because its result describes the configuration. ' +
        'Use the event token.rejected there',
    );
  }
  const problems: TokenProblem[] = [];
  let proof: TokenExplanation['proof'];
  try {
    if (typeof token !== 'string') throw invalidToken('format', 'The access token is not a string');
    const verifiedToken = await context.verify(token);
    context.checkBinding(verifiedToken);
    proof = findProof(verifiedToken);
  } catch (error) {
    // The first problem is always that of the verification, so that the explanation never contradicts it.
    const jws = tryParse(token);
    const errors = [error, ...(jws ? await listRejections(jws, context) : [])];
    for (const each of errors) {
      const problem = createProblem(each, { token, jws, context });
      if (!problems.some(({ check }) => check === problem.check)) problems.push(problem);
    }
  }
  return { accepted: problems.length === 0, problems, proof, text: formatText(problems, proof) };
}

function tryParse(token: unknown): CompactJws | undefined {
  try {
    return typeof token === 'string' ? parseJws(token) : undefined;
  } catch {
    return undefined;
  }
}

/** Runs each check of a JWT on its own: the verification stops at the first rejection. */
async function listRejections(jws: CompactJws, context: ExplanationContext): Promise<unknown[]> {
  const { header, payload } = jws;
  const { issuers } = context;
  const [first] = issuers.values();
  const namedIssuer = findTrustedIssuer(issuers, payload.iss);
  // If there is only one issuer, the token is compared with its options although its `iss` differs.
  const issuer = namedIssuer ?? (issuers.size === 1 ? first : undefined);
  const rejections: unknown[] = namedIssuer ? [] : [unknownIssuer(payload.iss, issuers)];
  if (!issuer || issuer.introspection?.includesJwts) return rejections;
  const claims = removeNullMembers(payload);
  const expected: ExpectedClaims = { ...issuer, ...context };
  const checks: (() => unknown)[] = [
    () => namedIssuer && checkIssuer(claims, { issuer: findExpectedIssuer(namedIssuer, claims) }),
    () => checkAlgorithm(header, issuer),
    () => checkType(header, issuer.profile),
    () => checkRequiredClaims(claims, issuer.profile),
    () => checkProfile(claims, issuer.profile),
    () => checkAudience(claims, expected),
    () => checkTimes(claims, expected),
    () => namedIssuer && checkSignature(jws, namedIssuer),
  ];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      rejections.push(error);
    }
  }
  return rejections;
}

async function checkSignature(
  { header, payload, data, signature }: CompactJws,
  issuer: Issuer,
): Promise<void> {
  const { alg, kid } = checkAlgorithm(header, issuer);
  const issuedAt = typeof payload.iat === 'number' ? payload.iat * 1000 : undefined;
  const isKeyOfIssuer = createKeyFilter(issuer, payload);
  if (await issuer.keys.verify({ alg, kid, data, signature, issuedAt, isKeyOfIssuer })) return;
  throw invalidToken('signature', 'The signature of the access token is not valid');
}

interface ProblemOptions {
  readonly token: string;
  readonly jws: CompactJws | undefined;
  readonly context: ExplanationContext;
}

function createProblem(error: unknown, options: ProblemOptions): TokenProblem {
  const rejection = error instanceof Rejection ? error : undefined;
  const check = rejection?.check ?? (error instanceof AuthError ? error.code : 'exception');
  const mismatch = rejection?.details.describe?.();
  return {
    check,
    message: describeError(error, options),
    expected: mismatch?.expected,
    found: mismatch?.found,
    remedy: findRemedy(check, { ...options, issuers: options.context.issuers, now: options.context.now }),
  };
}

/** The message of an unexpected exception, or of a rule of the application, may contain a claim value. */
function describeError(error: unknown, { jws, context }: ProblemOptions): string {
  if (error instanceof AuthError) return error.message;
  if (!(error instanceof Rejection)) {
    return `The check threw ${error instanceof Error ? error.name : `a value of type ${typeof error}`}`;
  }
  if (error.check !== 'profile') return error.message;
  const profile = findTrustedIssuer(context.issuers, jws?.payload.iss)?.profile;
  return profile && isBuiltInCheck(profile.reject)
    ? error.message
    : 'The function reject of the profile rejects the token';
}

function findProof(token: VerifiedAccessToken): TokenExplanation['proof'] {
  if (token.dpopThumbprint === undefined)
    return token.certificateThumbprint === undefined ? undefined : 'mtls';
  return token.certificateThumbprint === undefined ? 'dpop' : 'dpop and mtls';
}

function formatText(problems: readonly TokenProblem[], proof: TokenExplanation['proof']): string {
  if (problems.length === 0) {
    return proof
      ? `The access token is accepted with the proof that it is bound to (${proof}).`
      : 'The access token is accepted.';
  }
  const lines = problems.map(({ check, message, expected, found, remedy }) => {
    const values = expected === undefined ? '' : ` Expected ${expected}; found ${found}.`;
    return `${check}: ${message}.${values} ${remedy}`;
  });
  return ['The access token is rejected.', ...lines].join('\n');
}
