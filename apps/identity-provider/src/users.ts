/** A user of the demonstration. */
export interface User {
  readonly sub: string;
  readonly login: string;
  readonly password: string;
  readonly name: string;
  readonly email: string;
  /** API scopes that this user may be given. */
  readonly scopes: readonly string[];
}

/** The two users: one may read and write items, the other may only read them. */
export const users: readonly User[] = [
  {
    sub: 'user-alice',
    login: 'alice',
    password: 'alice-demo',
    name: 'Alice Archer',
    email: 'alice@countersign.example',
    scopes: ['items:read', 'items:write', 'reports:read'],
  },
  {
    sub: 'user-bob',
    login: 'bob',
    password: 'bob-demo',
    name: 'Bob Baker',
    email: 'bob@countersign.example',
    scopes: ['items:read', 'reports:read'],
  },
];

export const findUser = (sub: string): User | undefined => users.find((user) => user.sub === sub);

/** The user with this login and password, if there is one. */
export function checkPassword(login: string, password: string): User | undefined {
  return users.find((user) => user.login === login.trim().toLowerCase() && user.password === password);
}

/** Claims about a user by scope (OpenID Connect Core section 5.4). */
export function claimsOf(user: User): Record<string, unknown> & { sub: string } {
  return {
    sub: user.sub,
    name: user.name,
    preferred_username: user.login,
    email: user.email,
    email_verified: true,
  };
}
