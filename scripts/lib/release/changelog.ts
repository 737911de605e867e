import { makeLinksAbsolute, readRepositoryUrl } from '../packages/repository.ts';

/** The part of a changeset that the changelog shows. */
interface Changeset {
  readonly summary: string;
  /** The commit that added the changeset. */
  readonly commit?: string;
}

/**
 * Writes the entries of the changelogs. `changeset version` calls it, because `.changeset/config.json` names this file.
 *
 * @see https://github.com/changesets/changesets/blob/main/docs/modifying-changelog-format.md
 */
export default {
  /** A changeset of one line becomes an item of a list. A longer one keeps its paragraphs and lists. */
  getReleaseLine({ summary, commit }: Changeset): string {
    // Links of a changeset are relative to its folder; a changelog is one level deeper.
    const [first = '', ...rest] = makeLinksAbsolute(summary.trim().replaceAll('](../', '](../../')).split(
      '\n',
    );
    const link = commit === undefined ? '' : ` (${createCommitLink(commit)})`;
    if (rest.length === 0) return `- ${first}${link}`;
    return `${first}${link}\n${rest.map((line) => line.trimEnd()).join('\n')}`;
  },

  /** All packages are released together with one version, so a list of updated packages has no information. */
  getDependencyReleaseLine(): string {
    return '';
  },
};

const createCommitLink = (commit: string): string =>
  `[${commit.slice(0, 7)}](${readRepositoryUrl()}/commit/${commit})`;
