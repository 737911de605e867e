import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';
import { findLines, sources } from '../support/sources.ts';

/**
 * Files that may import public keys from outside, how often, and what checks the keys before. Another file could accept a
 * key that the platform accepts and that is not secure: an RSA key of 1,024 bits, or with the exponent 1.
 */
const exceptions: Record<string, { readonly uses: number; readonly check: string }> = {
  'packages/core/src/internal/platform/signature-node.ts': {
    uses: 2,
    check: 'isKeyForAlgorithm() in its callers signing-keys.ts, dpop-proof.ts',
  },
  'packages/core/src/internal/platform/signature-web.ts': { uses: 1, check: 'the same' },
  'packages/core/src/browser/wire/signature.ts': { uses: 1, check: 'selectUsableKeys()' },
  'packages/core/src/providers/apple-secret.ts': { uses: 1, check: 'the private key of the application' },
};

/** The test server accepts keys of tests only. */
const files = sources.filter((file) => !file.startsWith('packages/testing/'));

/** Functions that import a public key. */
const keyImports = new Set([
  'createPublicKey',
  'importJWK',
  'importSPKI',
  'importX509',
  'createLocalJWKSet',
  'createRemoteJWKSet',
  'EmbeddedJWK',
]);

/** Finds the lines that import a public key. Keys from raw bytes (HMAC, HKDF, AES) are secrets. */
const findKeyImports = (code: string): number[] =>
  findLines(code, (node) => isKeyImport(node) || isWebKeyImport(node) || isJwkFormat(node));

function isKeyImport(node: ts.Node): boolean {
  return (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) && keyImports.has(node.text);
}

/** Matches `importKey` as a member, unless it is called with the literal `'raw'`. */
function isWebKeyImport(node: ts.Node): boolean {
  if (!(ts.isIdentifier(node) || ts.isStringLiteralLike(node)) || node.text !== 'importKey') return false;
  const { parent } = node;
  if (ts.isBindingElement(parent)) return true;
  const isMember = ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent);
  if (!isMember || parent.expression === node) return false;
  const call = parent.parent;
  const format = ts.isCallExpression(call) && call.expression === parent ? call.arguments[0] : undefined;
  return !(format && ts.isStringLiteralLike(format) && format.text === 'raw');
}

/** Matches `format: 'jwk'`: functions such as `verify()` of Node import a key implicitly. */
function isJwkFormat(node: ts.Node): boolean {
  if (!ts.isPropertyAssignment(node) || !ts.isStringLiteralLike(node.initializer)) return false;
  const { name, initializer } = node;
  return (
    (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) &&
    name.text === 'format' &&
    initializer.text === 'jwk'
  );
}

describe('keys from outside are imported after the check of their strength', () => {
  test('only the listed files import public keys', () => {
    const imports = Object.fromEntries(
      files
        .map((file) => [file, findKeyImports(readFileSync(root + file, 'utf8')).length] as const)
        .filter(([, uses]) => uses > 0),
    );
    const expected = Object.fromEntries(Object.entries(exceptions).map(([file, { uses }]) => [file, uses]));
    expect(files.length).toBeGreaterThan(200);
    expect(imports).toEqual(expected);
  });

  test.each([
    'createPublicKey(jwk)',
    'crypto.createPublicKey(jwk)',
    "crypto['createPublicKey'](jwk)",
    "import { importJWK as toKey } from 'jose';",
    "crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])",
    "crypto.subtle.importKey('spki', bytes, algorithm, false, ['verify'])",
    'subtle.importKey(format, bytes, algorithm, false, usages)',
    "subtle['importKey']('jwk', jwk, algorithm, false, usages)",
    'const { importKey } = crypto.subtle;',
    'const { importKey: load } = crypto.subtle;',
    'const load = crypto.subtle.importKey;',
    "verify('sha256', data, { key, format: 'jwk' }, signature)",
  ])('finds %s', (code) => {
    expect(findKeyImports(code)).toEqual([1]);
  });

  test.each([
    "crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])",
    'importKey(key, alg)',
    "// createPublicKey(jwk)\n'a text about createPublicKey'",
    "subtle.exportKey('jwk', key)",
  ])('ignores %s', (code) => {
    expect(findKeyImports(code)).toEqual([]);
  });
});
