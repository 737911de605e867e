/** The commands and their descriptions. */
export const commands = {
  login: 'log in with the browser and store the tokens',
  whoami: "show the signed-in user, from the provider's userinfo endpoint",
  call: 'call the API (default path /items); an expired token is refreshed first',
  refresh: 'request a new access token and new claims',
  logout: 'revoke the tokens at the provider and delete them locally',
} as const;

const formatLines = (entries: readonly (readonly [string, string])[]) =>
  entries.map(([name, text]) => `  ${name.padEnd(22)}${text}`).join('\n');

export const help = `A native client in a terminal: authorization code flow with PKCE, or the device flow.

Usage: native-cli <command> [options]

Commands
${formatLines(Object.entries(commands).map(([name, text]) => [name === 'call' ? 'call [path]' : name, text]))}

Options
${formatLines([
  ['--json', 'one JSON object per line, for scripts; errors as JSON on standard error'],
  ['--no-browser', 'login: print the URL and do not open a browser'],
  ['--device', 'login: show a code for the browser of another device (RFC 8628)'],
  ['--port <port>', 'login: the port of the redirect URI, if the provider compares it (default: any)'],
  ['--timeout <seconds>', 'login: how long to wait for the user (default 300)'],
  ['-X, --method <method>', 'call: the HTTP method (default GET, with --data POST)'],
  ['-d, --data <json>', 'call: the request body'],
  ['-v, --verbose', 'print the events of the library on standard error'],
  ['-h, --help', 'print this text'],
])}

Environment
${formatLines([
  ['ISSUER', 'the provider (default http://localhost:4000)'],
  ['CLIENT_ID', 'default native-cli'],
  ['SCOPE', 'default openid profile email items:read items:write'],
  ['REFRESH_TOKENS', 'false: no refresh token is requested (default true)'],
  ['RESOURCE', "the API's resource indicator; empty for none"],
  ['AUDIENCE', "Auth0's parameter for the API, instead of RESOURCE"],
  ['TOKEN_REQUEST_FORMAT', 'form (default) or json'],
  ['API_URL', 'default http://localhost:3001'],
  ['COUNTERSIGN_CLI_HOME', 'the directory for the tokens (default: XDG state directory)'],
])}

Exit codes
  0 success   1 failure   2 invalid usage   3 login required   4 the API rejected the request
`;
