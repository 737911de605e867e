/** A fenced code block of a page. */
export interface Block {
  /** Page and line of the block, for messages. */
  readonly name: string;
  readonly page: string;
  readonly line: number;
  /** The word after the fence; empty without one. */
  readonly language: string;
  readonly code: string;
  readonly notes: BlockNotes;
}

/** The content of the comment before a block. */
export interface BlockNotes {
  /** Why the block is not compiled. */
  readonly skip?: string;
  /** The file that the block is. Default: the comment in its first line, if that is a path. */
  readonly file?: string;
  /** Whether the block continues the block before it. */
  readonly after: boolean;
  /** The framework, if it is not that of the page. */
  readonly kind?: string;
  /** The name of a folder: blocks with one name are files of one application. */
  readonly app?: string;
  /** Code around the block, with `[block]` where the block is. Default: before it. */
  readonly around?: string;
  /** Files that the application has already: code that begins with the path of a file in a comment. */
  readonly existing?: string;
}

/** A comment that is the path of a file, with an optional explanation. */
const path = /^\/\/ ((?:[\w.@[\]()-]+\/)*[\w.[\]-]+\.(?:tsx?|js|mjs|html))(?::.*)?$/;

const attributes = new Set(['skip', 'file', 'after', 'kind', 'app']);

const block =
  /(?:^[ \t]*<!-- example:([\s\S]*?)-->[ \t]*\n(?:[ \t]*\n)?)?^([ \t]*)```([a-z]*)[ \t]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm;

/** Reads the code blocks of a page. */
export function readBlocks(page: string, text: string): readonly Block[] {
  return [...text.matchAll(block)].map((match) => {
    const [all, notes, indent = '', language = '', body = ''] = match;
    const fence = match.index + all.length - all.trimStart().length;
    const start =
      notes === undefined ? fence : match.index + all.indexOf(`${indent}\`\`\``, all.indexOf('-->'));
    const line = text.slice(0, start).split('\n').length;
    const name = `${page}:${line}`;
    return {
      name,
      page,
      line,
      language,
      code: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      notes: readNotes(name, notes),
    };
  });
}

/** Reads `after kind=nest file=src/main.ts`, then lines of code. `skip=` takes the rest of its line. */
function readNotes(name: string, text: string | undefined): BlockNotes {
  if (text === undefined) return { after: false };
  const [head = '', ...around] = text.split('\n');
  const skip = /(?:^| )skip=(.*)$/.exec(head)?.[1]?.trim();
  const values = new Map<string, string>();
  for (const word of head.replace(/(?:^| )skip=.*$/, '').split(' ')) {
    const [key = '', value = ''] = word.split('=');
    if (key === '') continue;
    if (!attributes.has(key))
      throw new Error(`${name}: unknown note "${key}". Known: ${[...attributes].join(', ')}.`);
    values.set(key, value);
  }
  if (skip === '') throw new Error(`${name}: "skip=" needs the reason.`);
  const code = around.join('\n').trimEnd();
  const [file, kind, app] = ['file', 'kind', 'app'].map((key) => values.get(key));
  return {
    after: values.has('after'),
    ...(skip !== undefined && { skip }),
    ...(file !== undefined && { file }),
    ...(kind !== undefined && { kind }),
    ...(app !== undefined && { app }),
    ...(code !== '' && (path.test(around[0] ?? '') ? { existing: code } : { around: code })),
  };
}

/** A file that a block contains. */
export interface BlockFile {
  /** The path that a comment or the note names. Undefined: the block is a part of a file. */
  readonly path?: string;
  readonly code: string;
  /** Lines of the block before this file. */
  readonly offset: number;
}

/** Divides code at comments that are the path of a file: `// app/page.tsx`. */
export function readFiles(code: string, notes: Pick<BlockNotes, 'file'>): readonly BlockFile[] {
  const files: { path?: string; lines: string[]; offset: number }[] = [
    { ...(notes.file && { path: notes.file }), lines: [], offset: 0 },
  ];
  for (const [offset, line] of code.split('\n').entries()) {
    const filePath = path.exec(line)?.[1];
    if (filePath !== undefined && filePath !== notes.file) files.push({ path: filePath, lines: [], offset });
    files.at(-1)?.lines.push(line);
  }
  return files
    .map(({ lines, ...file }) => ({ ...file, code: lines.join('\n') }))
    .filter((file) => file.code.trim() !== '');
}
