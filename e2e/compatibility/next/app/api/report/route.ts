import { auth } from '../../../lib/auth';

/** Returns only the audiences of the tokens. */
const readAudience = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud;

/** A second API with separate tokens. */
export const GET = auth.protected.handler(async () => {
  const reports = await auth.getAccessToken({
    resource: 'https://reports.countersign.example',
    scope: 'reports:read',
  });
  const items = await auth.getAccessToken();
  return Response.json({
    audiences: [reports, items].map(({ accessToken }) => readAudience(accessToken)),
    scopes: reports.scopes,
  });
});
