/** Each command in one line. */
export const commands = {
  login: 'sign in through the browser and keep the tokens',
  whoami: "show who you are, from the provider's userinfo",
  call: 'call the API (default path /items); the token is refreshed only when it has expired',
  refresh: 'get a new access token and new claims now',
  logout: 'revoke the tokens at the provider and delete them here',
} as const;

const lines = (entries: readonly (readonly [string, string])[]) =>
  entries.map(([name, text]) => `  ${name.padEnd(22)}${text}`).join('\n');

export const help = `A native client: the authorization code flow with PKCE in a terminal.

Usage: native-cli <command> [options]

Commands
${lines(Object.entries(commands).map(([name, text]) => [name === 'call' ? 'call [path]' : name, text]))}

Options
${lines([
  ['--json', 'one JSON object per line, for scripts; errors as JSON on standard error'],
  ['--no-browser', 'login: print the address and open nothing'],
  ['--timeout <seconds>', 'login: how long to wait for the answer (default 300)'],
  ['-X, --method <method>', 'call: the HTTP method (default GET, with --data POST)'],
  ['-d, --data <json>', 'call: the body'],
  ['-v, --verbose', 'say what the library does, on standard error'],
  ['-h, --help', 'this text'],
])}

Environment
${lines([
  ['ISSUER', 'the provider (default http://localhost:4000)'],
  ['CLIENT_ID', 'default native-cli'],
  ['SCOPE', 'default openid profile email offline_access items:read items:write'],
  ['RESOURCE', "the API's resource indicator; empty for none"],
  ['AUDIENCE', "Auth0's parameter for the API, instead of RESOURCE"],
  ['TOKEN_REQUEST_FORMAT', 'form (default) or json'],
  ['API_URL', 'default http://localhost:3001'],
  ['COUNTERSIGN_CLI_HOME', 'the directory for the tokens (default: XDG state directory)'],
])}

Exit codes
  0 done   1 failed   2 wrong usage   3 login required   4 the API refused
`;
