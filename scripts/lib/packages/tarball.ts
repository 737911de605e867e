import { join } from 'node:path';
import { root } from '../processes/process.ts';

/** The folder of the packed packages. */
export const packs = join(root, '.test/packs');

/** The file to which a package is packed. */
export const tarball = ({ name }: { readonly name: string }): string =>
  join(packs, `${name.replace('@', '').replace('/', '-')}.tgz`);
