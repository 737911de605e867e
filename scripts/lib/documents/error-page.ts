type Explanations = Readonly<Record<string, { readonly cause: string; readonly remedy: string }>>;

/**
 * Writes the explanation of each code into its row of the page, and the table of the errors of providers. The status and
 * the other text do not change.
 */
export function renderErrorPage(
  page: string,
  explanations: Explanations,
  providerRemedies: Readonly<Record<string, string | undefined>>,
): string {
  const rows = Object.entries(providerRemedies).map(
    ([error, remedy = '']) => `| \`error\`: \`${error}\` | ${toCell(remedy)} |\n`,
  );
  const withProviderErrors = page.replace(
    /(^\| response of the provider \| remedy \|\n\|---\|---\|\n)(?:\|.*\n)*/m,
    (_, head: string) => head + rows.join(''),
  );
  return withProviderErrors.replaceAll(
    /^(\| `(\w+)` \|(?: \d{3} \|)?).*$/gm,
    (row, start: string, code: string) => {
      const { cause, remedy } = explanations[code] ?? {};
      return cause === undefined || remedy === undefined
        ? row
        : `${start} ${toCell(cause)} | ${toCell(remedy)} |`;
    },
  );
}

const toCell = (text: string) => text.replaceAll('|', '\\|');
