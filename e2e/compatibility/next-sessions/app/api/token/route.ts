import { auth } from '../../../lib/auth';

/** Requests a token for one API, or sends a request to an address. Responds with the code of an error. */
export async function GET(request: Request) {
  const { searchParams } = new URL(request.url);
  const resource = searchParams.get('resource');
  const address = searchParams.get('address');
  const result = address
    ? auth.fetch(address).then(({ status }) => ({ status }))
    : auth
        .getAccessToken(resource ? { resource } : {})
        .then(({ accessToken, expiresAt }) => ({ token: accessToken.slice(-16), expiresAt }));
  return Response.json(
    await result.catch((error: { code?: string }) => ({ code: error.code ?? String(error) })),
  );
}
