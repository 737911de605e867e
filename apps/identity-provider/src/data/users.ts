/** A demo user. */
export interface User {
  readonly sub: string;
  readonly login: string;
  readonly password: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
  readonly emailVerified: boolean;
  /** API scopes that this user may grant. */
  readonly scopes: readonly string[];
  /** The description of the user on the login page. */
  readonly about: string;
}

/** The demo users: one may read and write items, the other may only read them. */
export const users: readonly User[] = [
  {
    sub: 'user-alice',
    login: 'alice',
    password: 'alice-demo',
    givenName: 'Alice',
    familyName: 'Archer',
    email: 'alice@countersign.example',
    emailVerified: true,
    scopes: ['items:read', 'items:write', 'reports:read'],
    about: 'can read and write',
  },
  {
    sub: 'user-bob',
    login: 'bob',
    password: 'bob-demo',
    givenName: 'Bob',
    familyName: 'Baker',
    email: 'bob@countersign.example',
    emailVerified: false,
    scopes: ['items:read'],
    about: 'can only read',
  },
];

export const getFullName = ({ givenName, familyName }: User): string => `${givenName} ${familyName}`;

export const findUser = (sub: string | undefined): User | undefined => users.find((user) => user.sub === sub);

/** Returns the user with this login and password, or undefined. */
export function checkPassword(login: string, password: string): User | undefined {
  return users.find((user) => user.login === login.trim().toLowerCase() && user.password === password);
}

/** The claims that each scope requests. */
export const claimsByScope: Record<string, string[]> = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username'],
  email: ['email', 'email_verified'],
};

/** Returns all claims of a user. The provider sends those that the scope and the `claims` parameter request. */
export function toClaims(user: User): Record<string, unknown> & { sub: string } {
  return {
    sub: user.sub,
    name: getFullName(user),
    given_name: user.givenName,
    family_name: user.familyName,
    preferred_username: user.login,
    email: user.email,
    email_verified: user.emailVerified,
  };
}
