/** A user of the demonstration. */
export interface User {
  readonly sub: string;
  readonly login: string;
  readonly password: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
  readonly emailVerified: boolean;
  /** API scopes that this user may be given. */
  readonly scopes: readonly string[];
  /** Said of the user on the login page. */
  readonly about: string;
}

/** The two users: one may read and write items, the other may only read them. */
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
    about: 'reads and writes',
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
    about: 'only reads',
  },
];

export const fullName = ({ givenName, familyName }: User): string => `${givenName} ${familyName}`;

export const findUser = (sub: string | undefined): User | undefined => users.find((user) => user.sub === sub);

/** The user with this login and password, if there is one. */
export function checkPassword(login: string, password: string): User | undefined {
  return users.find((user) => user.login === login.trim().toLowerCase() && user.password === password);
}

/** The claims that each scope stands for. */
export const claimsByScope: Record<string, string[]> = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username'],
  email: ['email', 'email_verified'],
};

/** Everything that is known of a user; the provider gives out what scope and `claims` parameter ask for. */
export function claimsOf(user: User): Record<string, unknown> & { sub: string } {
  return {
    sub: user.sub,
    name: fullName(user),
    given_name: user.givenName,
    family_name: user.familyName,
    preferred_username: user.login,
    email: user.email,
    email_verified: user.emailVerified,
  };
}
