import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deleteChunks, readChunks, writeChunks } from './chunks.ts';
import { createCookieJar, parseCookies, serializeCookie } from './cookies.ts';
import { applyCookies, updateCookieHeader } from './update-cookies.ts';

const https = createCookieJar(new URL('https://app.example'), {});

const toReceivedCookies = (cookies: readonly { name: string; value: string; maxAge: number }[]) =>
  parseCookies(
    cookies
      .filter(({ maxAge }) => maxAge > 0)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; '),
  );

const write = (text: string, generation: string, existing = parseCookies('')) =>
  writeChunks(https, 'session', { text, generation, maxAge: 60 }, existing);

test('S20: sets the __Host- prefix and its required attributes over https', () => {
  const line = serializeCookie(https.createCookie('session', 'x', { maxAge: 60 }));
  expect(line).toBe('__Host-session=x; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax');
});

test('omits the __Host- prefix with a domain, with a path, and over http on localhost', () => {
  const name = (url: string, settings = {}) => createCookieJar(new URL(url), settings).toWireName('session');
  expect(name('https://app.example', { domain: 'example' })).toBe('__Secure-session');
  expect(name('https://app.example', { path: '/app' })).toBe('__Secure-session');
  expect(name('http://localhost:3000')).toBe('session');
});

test('S20: accepts the name of other settings only with the __Host- prefix', () => {
  const list = (url: string, settings = {}) =>
    createCookieJar(new URL(url), settings).listWireNames('session');
  const [host, secure] = ['__Host-session', '__Secure-session'];
  expect(list('https://app.example')).toEqual({ all: [host, secure], acceptedNames: [host] });
  expect(list('https://app.example', { path: '/app' })).toEqual({
    all: [secure, host],
    acceptedNames: [secure, host],
  });
  expect(list('http://localhost:3000')).toEqual({ all: ['session'], acceptedNames: ['session'] });
});

test('S20: ignores a cookie that occurs twice', () => {
  const cookies = parseCookies('__Host-session=planted; other=1; __Host-session=valid');
  expect(cookies.get('__Host-session')).toBeUndefined();
  expect(cookies.get('other')).toBe('1');
});

test('S20: retains no value of a cookie that occurs more often than a parser retains', () => {
  const read = (count: number) =>
    parseCookies(Array.from({ length: count }, (_, index) => `session=${index}`).join('; '));
  expect(read(4).repeatedValues?.get('session')).toEqual(['0', '1', '2', '3']);
  // The value of the user may be the last one.
  for (const count of [5, 6, 10, 100]) expect(read(count).repeatedValues?.get('session')).toEqual([]);
  expect(parseCookies(`a=1; ${'b=2; '.repeat(9)}c=3`).get('c')).toBe('3');
});

test('S16: splits a value into chunks below 4,096 bytes and joins them', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7_900 }), (length) => {
      const text = Array.from({ length }, (_, index) => (index % 36).toString(36)).join('');
      const cookies = write(text, 'AAAAAAAA');
      for (const cookie of cookies) expect(serializeCookie(cookie).length).toBeLessThanOrEqual(4096);
      expect(readChunks(https, 'session', toReceivedCookies(cookies))).toEqual({
        text,
        generation: 'AAAAAAAA',
        count: cookies.length,
      });
    }),
    { numRuns: 50 },
  );
});

test('S16: rejects chunks of two generations and missing chunks', () => {
  const first = write('a'.repeat(6_000), 'AAAAAAAA');
  const second = write('b'.repeat(6_000), 'BBBBBBBB');
  expect(first).toHaveLength(2);
  const mixed = toReceivedCookies([first[0]!, second[1]!]);
  expect(readChunks(https, 'session', mixed)).toBeUndefined();
  expect(readChunks(https, 'session', toReceivedCookies(first.slice(0, 1)))).toBeUndefined();
  expect(readChunks(https, 'session', toReceivedCookies(first.slice(1)))).toBeUndefined();
});

test('S16: rejects an impossible chunk count and a malformed prefix', () => {
  const name = https.toWireName('session');
  const read = (values: readonly string[]) =>
    readChunks(
      https,
      'session',
      new Map(values.map((value, index) => [index === 0 ? name : `${name}.${index}`, value])),
    );
  expect(read(['AAAAAAAA~1~text'])).toEqual({ text: 'text', generation: 'AAAAAAAA', count: 1 });
  for (const count of ['0', '3', '4', '9', 'x', ' ']) {
    const chunks = Array.from({ length: Number(count) || 1 }, () => `AAAAAAAA~${count}~text`);
    expect(read(chunks), count).toBeUndefined();
  }
  expect(read(['AAAAAAAA~2~first', 'AAAAAAAA~3~second'])).toBeUndefined();
  for (const value of ['', 'AAAAAAAA', 'AAAAAAAA~1', 'AAAAAAA~1~text', 'AAAAAAAAA~1~text', 'AAAAAAAA~11~x']) {
    expect(read([value]), value).toBeUndefined();
  }
});

test("S16: ignores a cookie whose name only contains the session cookie's name", () => {
  const [cookie] = write('text', 'AAAAAAAA');
  expect(readChunks(https, 'session', parseCookies(`x${cookie!.name}=${cookie!.value}`))).toBeUndefined();
  expect(readChunks(https, 'session', parseCookies(`${cookie!.name}.0=${cookie!.value}`))).toBeUndefined();
});

test('S16: deletes chunks that are no longer needed', () => {
  const before = toReceivedCookies(write('a'.repeat(6_000), 'AAAAAAAA'));
  const after = write('short', 'BBBBBBBB', before);
  expect(after.map(({ name, maxAge }) => [name, maxAge])).toEqual([
    ['__Host-session', 60],
    ['__Host-session.1', 0],
  ]);
  expect(deleteChunks(https, 'session', before)).toHaveLength(2);
});

test('S11: parses any Cookie header without an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (header) => {
      readChunks(https, 'session', parseCookies(header));
      applyCookies(header, [https.createCookie('session', 'x', { maxAge: 1 })]);
    }),
    { numRuns: 50 },
  );
}, 30_000);

test('applies Set-Cookie values to a Cookie header as a browser does', () => {
  const cookies = [https.createCookie('a', '2', { maxAge: 5 }), https.createCookie('b', '', { maxAge: 0 })];
  expect(applyCookies('__Host-a=1; __Host-b=1; c=1; __Host-a=0', cookies)).toBe('c=1; __Host-a=2');
});

test('applies the cookies that a framework lists to a Cookie header', () => {
  const now = [
    { name: 'a', value: '2' },
    { name: 'c', value: '1' },
    { name: 'd', value: 'x' },
  ];
  expect(updateCookieHeader('a=1; b=1; c=1; a=0', now)).toBe('c=1; a=2; d=x');
  expect(updateCookieHeader('a=1; a=2; c=1; d=x', now)).toBe('a=1; a=2; c=1; d=x');
  expect(updateCookieHeader(null, [])).toBe('');
});

/** Names that a sibling host can make a browser send, as runtimes read them: as bytes or as UTF-8. */
const hostileNames = {
  'byte A0': '\u00a0__Host-session',
  'byte A0 after it': '__Host-session\u00a0',
  'byte 85': '\u0085__Host-session',
  'byte FF': '\u00ff__Host-session',
  'U+00A0 as bytes': '\u00c2\u00a0__Host-session',
  'U+FEFF': '\ufeff__Host-session',
  'U+FEFF as bytes': '\u00ef\u00bb\u00bf__Host-session',
  'U+2003': '\u2003__Host-session',
  'U+2003 as bytes': '\u00e2\u0080\u0083__Host-session',
  'U+2028': '\u2028__Host-session',
  'U+FFFD': '\ufffd__Host-session',
  'U+200B': '__Host-\u200bsession',
  'vertical tab': '\v__Host-session',
  'form feed': '\f__Host-session',
  'line feed': '\n__Host-session',
  NUL: '\0__Host-session',
  DEL: '\x7f__Host-session',
  'long s': '__Ho\u017ft-session',
  'Kelvin sign': '__Host-session\u212a',
  'lower case': '__host-session',
  'upper case': '__HOST-SESSION',
  quotes: '"__Host-session"',
  'two names': 'x, __Host-session',
  'a space': 'x __Host-session',
  'an attribute': '$__Host-session',
  percent: '%5F%5FHost-session',
  'no name': '=__Host-session',
};

test('S30: distinguishes the name of the session cookie from similar names in white space, case or encoding', () => {
  for (const [label, name] of Object.entries(hostileNames)) {
    expect(parseCookies(`${name}=planted`).get('__Host-session'), label).toBeUndefined();
    const both = parseCookies(`a=1; ${name}=planted; __Host-session=valid; b=2`);
    expect(both.get('__Host-session'), label).toBe('valid');
    expect(both.get('a'), label).toBe('1');
    expect(both.get('b'), label).toBe('2');
  }
});

test('S30: trims only SP and HTAB in names and values', () => {
  expect(parseCookies(' \t__Host-session\t =\t value \t; x=1').get('__Host-session')).toBe('value');
  expect(parseCookies('__Host-session=\u00a0value\ufeff').get('__Host-session')).toBe('\u00a0value\ufeff');
  expect(parseCookies('__Host-session="valid"').get('__Host-session')).toBe('"valid"');
  expect(parseCookies('__Host-session=a=b').get('__Host-session')).toBe('a=b');
  expect(parseCookies('__Host-session; =__Host-session; =; ; x').size).toBe(0);
});

test('S30: replaces only the session cookie in a Cookie header', () => {
  const cookie = https.createCookie('session', 'new', { maxAge: 5 });
  for (const [label, name] of Object.entries(hostileNames)) {
    const header = applyCookies(`${name}=planted; __Host-session=valid`, [cookie]);
    expect(parseCookies(header).get('__Host-session'), label).toBe('new');
    const updated = updateCookieHeader(`${name}=planted; __Host-session=valid`, [
      { name, value: 'planted' },
      { name: '__Host-session', value: 'valid' },
    ]);
    expect(parseCookies(updated).get('__Host-session'), label).toBe('valid');
  }
});

test('S31: drops a decoded value that would add another cookie', () => {
  for (const value of [
    '; __Host-session=planted',
    ';__Host-session=planted',
    '1\r\n__Host-session=planted',
    '1, __Host-session=planted',
  ]) {
    const listed = [
      { name: 'theme', value },
      { name: '__Host-session', value: 'valid' },
    ];
    expect(updateCookieHeader('theme=dark; __Host-session=valid', listed)).toBe('__Host-session=valid');
    // The cookie that was sent encoded stays encoded.
    const sent = `theme=${encodeURIComponent(value)}; __Host-session=valid`;
    expect(updateCookieHeader(sent, listed)).toBe(sent);
  }
  const named = updateCookieHeader('a=1', [{ name: 'a; __Host-session', value: 'planted' }]);
  expect(named).toBe('');
  // A framework may list a pair without "=" with a placeholder value.
  const bare = updateCookieHeader(
    '__Host-session=valid; __Host-session',
    [{ name: '__Host-session', value: 'true' }],
    { bareValue: 'true' },
  );
  expect(parseCookies(bare).get('__Host-session')).toBe('valid');
});

test('S31: a cookie that a framework lists decoded does not displace those that were sent', () => {
  const lists = (sent: string, value: string) => updateCookieHeader(sent, [{ name: 'session', value }]);
  for (const planted of ['%62ob', 'b%6Fb', '%62%6f%62']) {
    for (const sent of [`session=own; session=${planted}`, `session=${planted}`]) {
      expect(lists(sent, 'bob')).toBe(sent);
      expect(lists(`${sent}; theme=%`, 'bob')).toBe(sent);
    }
  }
  // A cookie that was set in the meantime replaces all of them.
  expect(lists('session=own; session=%62ob', 'new')).toBe('session=new');
  // It is not valid without encoding, but it is unchanged.
  expect(lists('session=a%20b', 'a b')).toBe('session=a%20b');
});
