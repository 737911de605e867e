import { audience } from '../start/start-app.ts';

/** Creates unsigned tokens of 15 KB that are valid except for the depth of their payload or header. */
export function createNestedTokens(issuer: string) {
  const nested = '['.repeat(5_600) + ']'.repeat(5_600);
  const deepen = (members: object) => `${JSON.stringify(members).slice(0, -1)},"deep":${nested}}`;
  const encodePart = (text: string) => Buffer.from(text).toString('base64url');
  const header = { alg: 'RS256', typ: 'at+jwt' };
  const claims = { iss: issuer, aud: audience, exp: 4e9, sub: 'alice', client_id: 'web', iat: 1, jti: 'j' };
  return [
    ['payload', `${encodePart(JSON.stringify(header))}.${encodePart(deepen(claims))}.AAAA`],
    ['header', `${encodePart(deepen(header))}.${encodePart(JSON.stringify(claims))}.AAAA`],
  ] as const;
}

/** Returns the message of the rejection of such a token. */
export const createNestingMessage = (name: string) =>
  `The ${name} of the access token is malformed: it nests deeper than 32 levels`;
