import * as providers from '../../src/providers/index.ts';

/** Exports that are not the preset of one provider. */
const otherExports: readonly string[] = ['oauth2', 'personalAccounts', 'readAppleUser'];

const toPresetName = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The name of each preset, with the function that creates it: `azure-ad-b2c` with `azureAdB2c`. */
export const presetFunctions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(providers)
    .filter((name) => !otherExports.includes(name))
    .map((name) => [toPresetName(name), name]),
);
