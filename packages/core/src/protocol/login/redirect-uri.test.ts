import { describe, expect, test } from 'vitest';
import { checkRedirectUri, isRedirectUri, readRedirectResponse } from './redirect-uri.ts';

const response = 'code=c&state=s&iss=https%3A%2F%2Fid.example';

describe('readRedirectResponse', () => {
  test.each([
    // The address of the page, then the redirect URI of the options.
    ['https://app.example/?', 'https://app.example'],
    ['https://app.example/?', 'https://APP.Example/'],
    ['https://app.example/callback?', 'https://App.EXAMPLE:443/callback'],
    ['https://app.example/callback/?', 'https://app.example/callback'],
    ['https://app.example/callback?', 'https://app.example/callback/'],
    ['https://app.example/c%C3%A4llback?', 'https://app.example/cällback'],
    ['https://app.example/c%c3%a4llback?', 'https://app.example/c%C3%A4llback'],
    ['https://app.example/~user/cb?', 'https://app.example/%7Euser/cb'],
    ['https://app.example/app/callback?', 'https://app.example/x/../app/./callback'],
    ['http://localhost/callback?', 'http://localhost:80/callback'],
    ['http://[::1]:4200/callback?', 'http://[0:0:0:0:0:0:0:1]:4200/callback'],
    ['https://app.example/de/callback?', 'https://app.example/de/callback'],
    ['com.example:/cb?', 'com.example:/cb'],
    ['com.example:/cb?', 'com.example:///cb'],
    ['com.example://login?', 'com.example://login'],
    ['com.example://login?', 'COM.example://Login'],
    ['capacitor://localhost/callback?', 'capacitor://localhost/callback'],
    ['file:///C:/app/index.html?', 'file:///C:/app/index.html'],
    ['https://app.example/callback?tenant=a&', 'https://app.example/callback?tenant=a'],
    ['https://app.example/callback?b=2&a=%31&', 'https://app.example/callback?a=1&b=2'],
    ['https://app.example/callback?a=1&a=1&', 'https://app.example/callback?a=1&a=1'],
  ])('reads the response at %s for the redirect URI %s', (page, redirectUri) => {
    expect(readRedirectResponse(page + response, redirectUri)?.toString()).toBe(response);
    // The provider may write its parameters first.
    const [path, query] = page.split('?');
    expect(readRedirectResponse(`${path}?${response}&${query}`, redirectUri)?.get('state')).toBe('s');
  });

  test.each([
    ['https://app.example/other?', 'https://app.example/callback'],
    ['https://app.example/Callback?', 'https://app.example/callback'],
    ['https://app.example/callback%2F?', 'https://app.example/callback/'],
    ['https://app.example:8443/callback?', 'https://app.example/callback'],
    ['http://app.example/callback?', 'https://app.example/callback'],
    ['https://app.example.evil/callback?', 'https://app.example/callback'],
    ['https://app.example/callback?', 'https://app.example/callback?tenant=a'],
    ['https://app.example/callback?tenant=b&', 'https://app.example/callback?tenant=a'],
    ['https://app.example/callback?a=1&', 'https://app.example/callback?a=1&a=1'],
    ['com.example:/other?', 'com.example:/cb'],
    ['com.other:/cb?', 'com.example:/cb'],
    ['file:///other.html?', 'file:///app.html'],
    ['not a URL?', 'https://app.example/callback'],
  ])('finds no response at %s for the redirect URI %s', (page, redirectUri) => {
    expect(readRedirectResponse(page + response, redirectUri)).toBeUndefined();
  });

  test('finds no response in a page of the application with other parameters', () => {
    for (const query of ['', 'code=SPRING', 'state=open', 'iss=1', 'code=']) {
      expect(readRedirectResponse(`https://app.example/?${query}`, 'https://app.example/')).toBeUndefined();
    }
    // Some providers return errors without `state`.
    expect(readRedirectResponse('https://app.example/?error=x', 'https://app.example/')).toBeDefined();
  });
});

test('isRedirectUri ignores further parameters and the fragment', () => {
  expect(isRedirectUri('https://app.example/?filter=open#top', 'https://app.example')).toBe(true);
  expect(isRedirectUri('https://app.example/items', 'https://app.example')).toBe(false);
  expect(isRedirectUri('/items', 'https://app.example')).toBe(false);
});

test('checkRedirectUri rejects a value that no provider can redirect to, and names the option and the value', () => {
  for (const [value, problem] of [
    ['/callback', 'absolute URL'],
    ['app.example/callback', 'absolute URL'],
    [new URL('https://app.example/'), 'absolute URL'],
    [7, 'absolute URL'],
    ['https://app.example/#/callback', 'fragment'],
    ['https://app.example/#', 'fragment'],
    ['https://app.example/?state=1', '"state"'],
    ['https://app.example/?code=1', '"code"'],
  ]) {
    expect(() => checkRedirectUri('redirectUri', value)).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: expect.stringMatching(new RegExp(`^"redirectUri" is .*${problem}`)),
      }),
    );
  }
  for (const value of ['https://app.example', 'com.example:/cb', 'file:///app/index.html', 'https://a/?t=1'])
    expect(() => checkRedirectUri('redirectUri', value)).not.toThrow();
});
