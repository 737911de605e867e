import { expect, test } from 'vitest';
import { createCognitoLogoutUrl } from './cognito.ts';

const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool';
const metadata = { authorization_endpoint: 'https://shop.auth.eu-west-1.amazoncognito.com/oauth2/authorize' };
const request = { clientId: 'spa', postLogoutRedirectUri: 'https://app.example/' };

test('Cognito: the logout URL has client_id and logout_uri at the domain of the hosted pages', () => {
  expect(createCognitoLogoutUrl(issuer, metadata, request)?.href).toBe(
    'https://shop.auth.eu-west-1.amazoncognito.com/logout?client_id=spa&logout_uri=https%3A%2F%2Fapp.example%2F',
  );
  const china = 'https://cognito-idp.cn-north-1.amazonaws.com.cn/pool';
  expect(createCognitoLogoutUrl(china, metadata, request)).toBeDefined();
});

test('does not recognize another issuer', () => {
  for (const other of [
    'https://login.example',
    'https://cognito-idp.eu-west-1.amazonaws.com.evil.example/pool',
    'https://evil.example/https://cognito-idp.eu-west-1.amazonaws.com/pool',
    'http://cognito-idp.eu-west-1.amazonaws.com/pool',
  ]) {
    expect(createCognitoLogoutUrl(other, metadata, request), other).toBeUndefined();
  }
  expect(createCognitoLogoutUrl(issuer, {}, request)).toBeUndefined();
  expect(
    createCognitoLogoutUrl(issuer, metadata, { clientId: 'spa', postLogoutRedirectUri: undefined }),
  ).toBeUndefined();
});
