import { expect, test } from 'vitest';
import {
  checkAdditionalParameters,
  checkTransaction,
  rejectRepeatedParameters,
  transactionLifetime,
} from './authorization-transaction.ts';

const transaction = {
  issuer: 'https://id.example',
  clientId: 'web',
  redirectUri: 'https://app.example/callback',
  state: 'state',
  codeVerifier: 'verifier',
  scope: 'openid',
  createdAt: 1_000,
};
const context = { issuer: 'https://id.example', clientId: 'web', time: 1_000 };

test('C6: rejects a transaction of another issuer or client', () => {
  checkTransaction(transaction, context);
  for (const change of [{ issuer: 'https://other.example' }, { clientId: 'other' }]) {
    expect(() => checkTransaction({ ...transaction, ...change }, context)).toThrow(
      expect.objectContaining({ code: 'transaction_invalid', check: 'issuer' }),
    );
  }
});

test('rejects a transaction after its lifetime', () => {
  checkTransaction(transaction, { ...context, time: 1_000 + transactionLifetime });
  expect(() => checkTransaction(transaction, { ...context, time: 1_001 + transactionLifetime })).toThrow(
    expect.objectContaining({ code: 'transaction_invalid', check: 'expired' }),
  );
});

test('rejects a transaction that is further in the future than its lifetime', () => {
  // Clocks of servers differ, and the clock of a browser may have been set back.
  checkTransaction(transaction, { ...context, time: 1_000 - transactionLifetime });
  const early = { ...context, time: 999 - transactionLifetime };
  expect(() => checkTransaction(transaction, early)).toThrow(
    expect.objectContaining({
      code: 'transaction_invalid',
      check: 'expired',
      message: expect.stringContaining('clock was set back'),
    }),
  );
  expect(() => checkTransaction({ ...transaction, createdAt: Number.NaN }, context)).toThrow(
    'Start a new login',
  );
});

test('S6: rejects additional parameters that decide the security of a login', () => {
  for (const name of [
    'redirect_uri',
    'code_challenge',
    'state',
    'nonce',
    'request',
    'response_mode',
    'client_id',
  ]) {
    expect(() => checkAdditionalParameters(['audience', name])).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  }
  checkAdditionalParameters(['audience', 'organization', 'prompt']);
  expect(() => checkAdditionalParameters(['prompt'], ['prompt'])).toThrow('"prompt"');
});

test('rejects a response that repeats a parameter, even with equal values', () => {
  rejectRepeatedParameters(new URLSearchParams('code=a&state=b'));
  expect(() => rejectRepeatedParameters(new URLSearchParams('code=a&state=b&code=a'))).toThrow(
    expect.objectContaining({ code: 'authorization_response_invalid', check: 'repeated' }),
  );
});
