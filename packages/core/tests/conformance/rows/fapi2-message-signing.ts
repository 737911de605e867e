import { signedResponse } from './rejections.ts';
import { fapi2, type Row } from './row.ts';

const jarm = { client: { responseMode: 'jwt' as const } };

/** Section 3: FAPI 2.0 Message Signing, with signed authorization responses (JARM). */
export const messageSigningRows: readonly Row[] = [
  {
    id: 'F23',
    module: fapi2('test-ensure-jarm-without-iss-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_iss_missing'],
    rejection: signedResponse('iss'),
  },
  {
    id: 'F24',
    module: fapi2('test-ensure-jarm-with-invalid-iss-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_iss_invalid'],
    rejection: signedResponse('iss'),
  },
  {
    id: 'F25',
    module: fapi2('test-ensure-jarm-without-aud-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_aud_missing'],
    rejection: signedResponse('aud'),
  },
  {
    id: 'F26',
    module: fapi2('test-ensure-jarm-with-invalid-aud-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_aud_invalid'],
    rejection: signedResponse('aud'),
  },
  {
    id: 'F27',
    module: fapi2('test-ensure-jarm-without-exp-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_exp_missing'],
    rejection: signedResponse('exp'),
  },
  {
    id: 'F28',
    module: fapi2('test-ensure-jarm-with-expired-exp-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_exp_expired'],
    rejection: signedResponse('exp'),
  },
  {
    id: 'F29',
    module: fapi2('test-ensure-jarm-with-invalid-sig-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_signature_invalid'],
    rejection: signedResponse('signature'),
  },
  {
    id: 'F30',
    module: fapi2('test-ensure-jarm-signature-is-not-none'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_alg_none'],
    rejection: signedResponse('alg'),
  },
];
