import { items } from '../lib/items';

/** The content of every page. */
export function Items({ of }: { readonly of: string }) {
  return (
    <main>
      <h1>Items of {of}</h1>
      <ul>
        {items.map(({ id, title }) => (
          <li key={id}>
            <a href={`/items/${id}`}>{title}</a>
          </li>
        ))}
      </ul>
    </main>
  );
}
