export interface Form {
  readonly action: string;
  readonly method: 'get' | 'post';
  /** The values that the form has without the user, with ticked check boxes and the submit button that grants consent, or else the first one. */
  readonly fields: Readonly<Record<string, string>>;
  /** The name of the field for the user name. */
  readonly login?: string;
  /** The name of the field for the password. */
  readonly password?: string;
}

type Attributes = Readonly<Record<string, string>>;

/** Finds the forms of a page, in order, with the fields that a user has to fill. Forms without a submit button are omitted. */
export function findForms(html: string): readonly Form[] {
  const page = html.replace(/<!--[\s\S]*?-->|<script[\s\S]*?<\/script>/g, '');
  const elements = [...page.matchAll(/<(\/?)(form|input|button)\b((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi)].map(
    ([, slash, name = '', attributes = '']) => ({
      name: `${slash}${name.toLowerCase()}`,
      attributes: readAttributes(attributes),
    }),
  );
  const forms: {
    readonly form: Attributes;
    readonly controls: { name: string; attributes: Attributes }[];
  }[] = [];
  let current: (typeof forms)[number] | undefined;
  for (const { name, attributes } of elements) {
    if (name === 'form') {
      current = { form: attributes, controls: [] };
      forms.push(current);
    } else if (name === '/form') current = undefined;
    else {
      // A button outside names its form.
      const owner = attributes.form ? forms.find(({ form }) => form.id === attributes.form) : current;
      owner?.controls.push({ name, attributes });
    }
  }
  return forms.flatMap(({ form, controls }) => {
    const buttons = controls.filter(({ name, attributes: { type } }) =>
      name === 'button' ? type === undefined || type === 'submit' : type === 'submit' || type === 'image',
    );
    const submit =
      buttons.find(({ attributes: { value = '' } }) => /^(accept|allow|yes)/i.test(value)) ?? buttons[0];
    if (submit === undefined) return [];
    const inputs = controls.filter(({ name }) => name === 'input').map(({ attributes }) => attributes);
    const fields = inputs.filter(
      ({ name, type = 'text' }) => name && !['submit', 'button', 'image', 'reset'].includes(type),
    );
    const values = fields.map(({ name = '', type, value }) => [
      name,
      value ?? (type === 'checkbox' ? 'on' : ''),
    ]);
    const { name: button, value: buttonValue = '' } = submit.attributes;
    const login = inputs.find(({ type = 'text' }) => ['text', 'email'].includes(type))?.name;
    const password = inputs.find(({ type }) => type === 'password')?.name;
    return [
      {
        action: form.action ?? '',
        method: form.method?.toLowerCase() === 'post' ? ('post' as const) : ('get' as const),
        fields: { ...Object.fromEntries(values), ...(button && { [button]: buttonValue }) },
        ...(login && { login }),
        ...(password && { password }),
      },
    ];
  });
}

function readAttributes(text: string): Attributes {
  const attributes = text.matchAll(/([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return Object.fromEntries(
    [...attributes].map(([, name = '', ...values]) => [
      name.toLowerCase(),
      decode(values.find((value) => value !== undefined) ?? ''),
    ]),
  );
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const decode = (text: string) =>
  text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal?: string, hex?: string, name = '') =>
    decimal || hex
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex ?? '', decimal ? 10 : 16))
      : (entities[name] ?? entity),
  );
