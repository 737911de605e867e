/** The two APIs of a run. */
export const resources = ['https://one.example', 'https://two.example'] as const;
