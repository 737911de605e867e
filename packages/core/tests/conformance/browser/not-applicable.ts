const userinfo = 'claims come from the ID token; userinfo is an API like any other';
const secret = 'a public client: it has no secret, key or certificate to prove itself with';
const jarm = 'answers by query only; a provider that insists on signed ones needs a server in front';
const backChannel = 'a page cannot be reached by the provider';

/** Modules that do not concern the browser's own client, by their number in the table, and why. */
export const notForBrowsers: readonly { readonly ids: readonly string[]; readonly why: string }[] = [
  { ids: ['11', '13', '25', '36'], why: userinfo },
  { ids: ['14', '38'], why: secret },
  { ids: ['23', '24', '25', '26', '27', '28', '29', '30'].map((id) => `F${id}`), why: jarm },
  {
    ids: ['29'],
    why: "the page at initiate_login_uri is the application's own; it calls login({ loginHint })",
  },
  {
    ids: ['35', ...Array.from({ length: 14 }, (_, index) => `${index + 1} f`)],
    why: 'a page cannot receive a form post',
  },
  { ids: ['L2', 'L3'], why: 'no state is sent: nothing hangs on the way back from a logout' },
  { ids: ['L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10', 'L11'], why: backChannel },
  {
    ids: ['L12', 'L13'],
    why: 'browsers keep a third-party iframe from the storage of the page; tabs tell each other',
  },
  {
    ids: ['FA6 RSA-OAEP', 'FA6 RSA-OAEP-256', 'FA6 ECDH-ES'],
    why: 'a private key for decryption has no safe place in a page',
  },
];
