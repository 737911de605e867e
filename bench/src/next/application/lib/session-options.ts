/** The secret that encrypts the sessions of each library. The servers and the benchmark share it. */
export const secret = 'one secret of the benchmark for each of the libraries';
export const appBaseUrl = 'https://app.example';

/** Options of Countersign. */
export const sessionOptions = {
  issuer: 'https://id.example',
  clientId: 'web',
  clientSecret: 'client-secret',
  secret,
  baseUrl: appBaseUrl,
};
