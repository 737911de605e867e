import { auth } from '../../../lib/auth';

/** Of the tokens, says only whom they are for. */
const audienceOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud;

/** A second API, which has tokens of its own. */
export const GET = auth.protected.handler(async () => {
  const reports = await auth.getAccessToken({
    resource: 'https://reports.countersign.example',
    scope: 'reports:read',
  });
  const items = await auth.getAccessToken();
  return Response.json({
    audiences: [reports, items].map(({ accessToken }) => audienceOf(accessToken)),
    scopes: reports.scopes,
  });
});
