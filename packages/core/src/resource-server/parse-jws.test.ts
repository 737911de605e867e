import { base64url } from 'jose';
import { expect, test } from 'vitest';
import { parseJws } from './parse-jws.ts';

const encode = (text: string) => base64url.encode(text);
const jws = (header: string, payload: string) => `${encode(header)}.${encode(payload)}.c2ln`;
const header = '{"alg":"RS256","kid":"1"}';

test('A2: rejects a critical header each time', () => {
  const token = jws('{"alg":"RS256","crit":["exp"],"exp":1}', '{}');
  for (let i = 0; i < 3; i++) expect(() => parseJws(token)).toThrow(/critical/);
});

test('distinguishes headers', () => {
  expect(parseJws(jws(header, '{"a":1}'))).toMatchObject({ header: { kid: '1' }, payload: { a: 1 } });
  expect(parseJws(jws('{"alg":"RS256","kid":"2"}', '{"a":2}'))).toMatchObject({
    header: { kid: '2' },
    payload: { a: 2 },
  });
  expect(parseJws(jws(header, '{"a":3}'))).toMatchObject({ header: { kid: '1' }, payload: { a: 3 } });
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"b":{"a":1,"a":2}}',
  '{ "a": 1, "a": 1 }',
  '{"__proto__":1,"__proto__":1}',
])('A9: rejects the repeated member in %s', (payload) => {
  expect(() => parseJws(jws(header, payload))).toThrow(/malformed/);
});

test.each(['{ "a": 1 }', '{"a":1.0}', '{"2":1,"1":2}', '{"a":"\\u00e9"}', '{"__proto__":1}'])(
  'accepts the unusual spelling %s',
  (payload) => {
    expect(parseJws(jws(header, payload)).payload).toEqual(JSON.parse(payload));
  },
);

test.each(['A', 'c2ln=', 'c2lnZ', 'c2h', 'c2!n', ''])(
  'A9: rejects the malformed signature "%s"',
  (signature) => {
    expect(() => parseJws(`${encode(header)}.${encode('{}')}.${signature}`)).toThrow();
  },
);
