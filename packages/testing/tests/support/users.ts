/** A user with roles and groups. */
export const users = [
  {
    sub: 'alice',
    claims: { name: 'Alice Example', email: 'alice@example.test', roles: ['admin'], groups: ['staff'] },
  },
];
