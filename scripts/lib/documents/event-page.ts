interface Property {
  readonly name: string;
  readonly comment: string;
  /** The type, as in the source. */
  readonly type: string;
}

export interface DocumentedEvent {
  readonly type: string;
  readonly comment: string;
  readonly properties: readonly Property[];
}

/** Reads the members of the union `AuthEvent` with their comments. */
export function readEvents(source: string): readonly DocumentedEvent[] {
  const [, union = ''] = /export type AuthEvent =\n([\s\S]*?\n {4}\});/.exec(source) ?? [];
  return union
    .split(/^ {2}\| \{$/m)
    .slice(1)
    .map((member) => {
      const [event, ...properties] = [
        ...member.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+\??):([^;]+);/g),
      ].map(([, comment = '', name = '', type = '']) => ({ name, comment: toLine(comment), type }));
      if (event?.name !== 'type') throw new Error(`AuthEvent: expected "type" first in${member}`);
      return { type: event.type.trim().replaceAll("'", ''), comment: event.comment, properties };
    });
}

const toLine = (comment: string) => comment.replaceAll(/\s*\n\s*\*? ?/g, ' ').trim();

/** Writes the page of all events. */
export function renderEventPage(events: readonly DocumentedEvent[]): string {
  const rows = events.map(({ type, comment, properties }) => {
    const list = properties.map((property) => `\`${property.name}\`${describe(property)}`);
    return `| \`${type}\` | ${toCell(comment)} | ${toCell(list.join('<br>'))} |`;
  });
  return `${introduction}\n${rows.join('\n')}\n`;
}

/** The comment, after the possible values. */
function describe({ comment, type }: Property): string {
  const values = [...type.matchAll(/'([^']+)'/g)].map(([, value]) => `\`${value}\``).join(', ');
  return `${values && ` (${values})`}${comment && `: ${comment}`}`;
}

const toCell = (text: string) => text.replaceAll('|', '\\|');

const introduction = `# Events

The option \`onEvent\` of each client, session and verifier receives an \`AuthEvent\`, for logs, metrics and traces. No event contains
a token, code, verifier, secret or cookie. \`code\` is a code of [the errors](errors.md); \`request.failed\` can also contain
\`unexpected_error\`, for an error that is not one of this library. \`issuer\` and \`clientId\` identify the client. A property with \`?\`
can be absent. An error that the listener throws is ignored.

This page is written from the comments of \`packages/core/src/events.ts\` by \`vitest --project scripts documents --update\`.

| event | emitted when | properties |
|---|---|---|`;
