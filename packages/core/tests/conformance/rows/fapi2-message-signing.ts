import { rejectSignedResponse } from './rejections.ts';
import { createFapi2Name, type Row } from './row.ts';

const jarm = { client: { responseMode: 'jwt' as const } };

/** Section 3: FAPI 2.0 Message Signing, with signed authorization responses (JARM). */
export const messageSigningRows: readonly Row[] = [
  {
    id: 'F23',
    module: createFapi2Name('test-ensure-jarm-without-iss-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_iss_missing'],
    rejection: rejectSignedResponse('iss'),
  },
  {
    id: 'F24',
    module: createFapi2Name('test-ensure-jarm-with-invalid-iss-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_iss_invalid'],
    rejection: rejectSignedResponse('iss'),
  },
  {
    id: 'F25',
    module: createFapi2Name('test-ensure-jarm-without-aud-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_aud_missing'],
    rejection: rejectSignedResponse('aud'),
  },
  {
    id: 'F26',
    module: createFapi2Name('test-ensure-jarm-with-invalid-aud-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_aud_invalid'],
    rejection: rejectSignedResponse('aud'),
  },
  {
    id: 'F27',
    module: createFapi2Name('test-ensure-jarm-without-exp-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_exp_missing'],
    rejection: rejectSignedResponse('exp'),
  },
  {
    id: 'F28',
    module: createFapi2Name('test-ensure-jarm-with-expired-exp-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_exp_expired'],
    rejection: rejectSignedResponse('exp'),
  },
  {
    id: 'F29',
    module: createFapi2Name('test-ensure-jarm-with-invalid-sig-fails'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_signature_invalid'],
    rejection: rejectSignedResponse('signature'),
  },
  {
    id: 'F30',
    module: createFapi2Name('test-ensure-jarm-signature-is-not-none'),
    verdict: 'R',
    options: jarm,
    faults: ['authorization_response_alg_none'],
    rejection: rejectSignedResponse('alg'),
  },
];
