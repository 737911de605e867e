const userinfo = 'the client reads claims from the ID token; the application can call userinfo as any API';
const secret = 'a public client has no secret, key or certificate for client authentication';
const jarm = 'supports the response mode query only; signed responses need a server-side client';
const backChannel = 'the provider cannot send a request to a page';

/** Modules that do not apply to the browser client, by their IDs in the table, with the reason. */
export const notForBrowsers: readonly { readonly ids: readonly string[]; readonly why: string }[] = [
  { ids: ['11', '13', '25', '36'], why: userinfo },
  { ids: ['14', '38'], why: secret },
  { ids: ['23', '24', '25', '26', '27', '28', '29', '30'].map((id) => `F${id}`), why: jarm },
  {
    ids: ['29'],
    why: 'the application implements the page at initiate_login_uri and calls login({ loginHint })',
  },
  {
    ids: ['35', ...Array.from({ length: 14 }, (_, index) => `${index + 1} f`)],
    why: 'a page cannot receive a form post',
  },
  { ids: ['L2', 'L3'], why: 'the client sends no state, because no logout depends on the redirect' },
  { ids: ['L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10', 'L11'], why: backChannel },
  {
    ids: ['L12', 'L13'],
    why: 'browsers block the storage of a third-party iframe; tabs notify each other',
  },
  {
    ids: ['FA6 RSA-OAEP', 'FA6 RSA-OAEP-256', 'FA6 ECDH-ES'],
    why: 'a page cannot store a private key for decryption safely',
  },
];
