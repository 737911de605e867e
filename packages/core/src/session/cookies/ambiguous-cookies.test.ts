import { describe, expect, test } from 'vitest';
import { addAmbiguousCookies, findAmbiguousCookies } from './ambiguous-cookies.ts';

describe('S31: cookies that change if a framework writes the header anew', () => {
  test.each([
    [null, ''],
    ['', ''],
    ['session=own', ''],
    ['session=own; theme=%22dark%22; url=https%3A%2F%2Fexample.com; bare; =value; percent=100%', ''],
    ['session=o%77n; theme=1', 'session=o%77n'],
    ['session=own; session=%62ob', 'session=own; session=%62ob'],
    ['session=%6', ''],
    ['session=%zz', ''],
    ['a=1; session=own; b=2; session=bob', 'session=own; session=bob'],
    ['session=own; \tsession=own ;session.1=x', 'session=own; session=own'],
    ['session=own; session.1=%41', 'session.1=%41'],
    ['session=%20own', 'session=%20own'],
    ['session=%7E%2E', 'session=%7E%2E'],
    ['session=%2565', ''],
  ])('finds them in %j', (header, expected) => expect(findAmbiguousCookies(header)).toBe(expected));

  test.each([
    ['session=bob; theme=1', 'session=own; session=%62ob', 'session=own; session=%62ob; theme=1'],
    ['theme=1', 'session=own; session=bob', 'session=own; session=bob; theme=1'],
    ['session=own', '', 'session=own'],
    [null, null, ''],
  ])('adds them to %j', (header, ambiguous, expected) =>
    expect(addAmbiguousCookies(header, ambiguous)).toBe(expected),
  );
});
