import { rejectIdToken } from './rejections.ts';
import type { Row } from './row.ts';

/** Section 4: the modules of FAPI 1.0 Advanced that FAPI 2.0 does not include. */
export const fapi1AdvancedRows: readonly Row[] = [
  {
    id: 'FA1',
    module: 'fapi1-advanced-final-client-test-iat-is-week-in-past',
    verdict: 'R',
    faults: ['id_token_iat_week_old'],
    rejection: rejectIdToken('iat', 'jwks'),
  },
  {
    id: 'FA2',
    module: 'fapi1-advanced-final-client-test-missing-athash',
    verdict: 'A',
    faults: ['id_token_at_hash_missing'],
  },
  {
    id: 'FA3',
    module: 'fapi1-advanced-final-client-test-invalid-chash',
    verdict: 'R',
    faults: ['id_token_c_hash_invalid'],
    rejection: rejectIdToken('c_hash', 'jwks'),
  },
  {
    id: 'FA4',
    module: 'fapi1-advanced-final-client-test-invalid-signature',
    verdict: 'R',
    faults: ['id_token_signature_invalid'],
    rejection: rejectIdToken('signature', 'jwks'),
  },
  {
    id: 'FA5',
    module: 'fapi1-advanced-final-client-test-no-scope-in-token-endpoint-response',
    verdict: 'A',
    faults: ['token_response_without_scope', 'token_response_without_expires_in'],
  },
];
