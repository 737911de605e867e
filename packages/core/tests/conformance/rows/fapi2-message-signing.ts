import { signedResponse } from './rejections.ts';
import { fapi2, type Row } from './row.ts';

const jarm = { client: { responseMode: 'jwt' as const } };

/** Section 3: FAPI 2.0 Message Signing, whose authorization responses are signed (JARM). */
export const messageSigningRows: readonly Row[] = [
  {
    id: 'F23',
    module: fapi2('test-ensure-jarm-without-iss-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_iss_missing'],
    refusal: signedResponse('iss'),
  },
  {
    id: 'F24',
    module: fapi2('test-ensure-jarm-with-invalid-iss-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_iss_invalid'],
    refusal: signedResponse('iss'),
  },
  {
    id: 'F25',
    module: fapi2('test-ensure-jarm-without-aud-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_aud_missing'],
    refusal: signedResponse('aud'),
  },
  {
    id: 'F26',
    module: fapi2('test-ensure-jarm-with-invalid-aud-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_aud_invalid'],
    refusal: signedResponse('aud'),
  },
  {
    id: 'F27',
    module: fapi2('test-ensure-jarm-without-exp-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_exp_missing'],
    refusal: signedResponse('exp'),
  },
  {
    id: 'F28',
    module: fapi2('test-ensure-jarm-with-expired-exp-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_exp_expired'],
    refusal: signedResponse('exp'),
  },
  {
    id: 'F29',
    module: fapi2('test-ensure-jarm-with-invalid-sig-fails'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_signature_invalid'],
    refusal: signedResponse('signature'),
  },
  {
    id: 'F30',
    module: fapi2('test-ensure-jarm-signature-is-not-none'),
    verdict: 'R',
    options: jarm,
    lies: ['authorization_response_alg_none'],
    refusal: signedResponse('alg'),
  },
];
