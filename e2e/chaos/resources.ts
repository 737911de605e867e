/** The resource identifiers of the two APIs. */
export const resources = ['https://one.example', 'https://two.example'] as const;
