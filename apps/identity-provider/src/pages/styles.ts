/** The design tokens of all demo apps, for light and dark color schemes. */
const tokens = `
:root {
  color-scheme: light dark;
  --background: light-dark(#f3f6f5, #0e1413);
  --surface: light-dark(#ffffff, #161d1b);
  --sunken: light-dark(#f6f9f8, #111816);
  --text: light-dark(#14201d, #e7efec);
  --muted: light-dark(#56645f, #9db0a9);
  --border: light-dark(#d9e1de, #2b3734);
  --field-border: light-dark(#84938d, #63756f);
  --accent: light-dark(#0b6b5d, #5fd0b9);
  --accent-hover: light-dark(#08574c, #7fdcc9);
  --accent-soft: light-dark(#e3f1ee, #16302b);
  --on-accent: light-dark(#ffffff, #04231d);
  --danger: light-dark(#ab1f18, #ff9a90);
  --danger-soft: light-dark(#fcedec, #34191a);
  --radius: .625rem;
  --radius-large: 1rem;
  --shadow: 0 1px 2px rgb(10 30 25 / .05), 0 10px 30px rgb(10 30 25 / .07);
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --font-mono: ui-monospace, "SFMono-Regular", "Cascadia Mono", "Liberation Mono", monospace;
}`;

const frame = `
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 1.5rem 1rem;
  display: flex; flex-direction: column; align-items: center; gap: 1.25rem;
  background: var(--background); color: var(--text); font: 1rem/1.5 var(--font);
  -webkit-text-size-adjust: 100%; overflow-wrap: anywhere;
}
body > header { margin-top: auto; display: flex; align-items: center; gap: .6rem; font-weight: 650; letter-spacing: -.005em; }
body > footer { margin-bottom: auto; max-width: 26rem; color: var(--muted); font-size: .8125rem; text-align: center; text-wrap: balance; }
.mark { display: block; width: 1.75rem; height: 1.75rem; color: var(--accent); }
.mark path { stroke: var(--on-accent); }
main {
  width: 100%; max-width: 26rem; padding: 2rem; background: var(--surface);
  border: 1px solid var(--border); border-radius: var(--radius-large); box-shadow: var(--shadow);
}
main.wide { max-width: 40rem; }
@media (max-width: 26rem) { main { padding: 1.5rem 1.25rem; } }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 680; letter-spacing: -.018em; text-wrap: balance; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1rem; font-weight: 650; }
p { margin: .5rem 0 0; }
a { color: var(--accent); text-underline-offset: .18em; }
.muted { color: var(--muted); font-weight: 400; }
.muted strong { color: var(--text); font-weight: 600; }
code { font: .8125em/1.4 var(--font-mono); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: no-preference) { button, input { transition: background-color .12s, border-color .12s; } }`;

const forms = `
form { margin: 0; }
.field { margin-top: 1.125rem; }
label { display: block; margin-bottom: .375rem; font-weight: 600; font-size: .9375rem; }
input {
  width: 100%; padding: .6875rem .8125rem; font: inherit; color: inherit; background: var(--sunken);
  border: 1px solid var(--field-border); border-radius: var(--radius);
}
input:hover { border-color: var(--accent); }
input[aria-invalid="true"] { border-color: var(--danger); }
input.code { font: 600 1.25rem var(--font-mono); letter-spacing: .12em; text-align: center; text-transform: uppercase; }
button {
  min-height: 2.875rem; padding: .6875rem 1.125rem; font: inherit; font-weight: 620; color: var(--text);
  background: transparent; border: 1px solid var(--field-border); border-radius: var(--radius); cursor: pointer;
}
button:hover { border-color: var(--accent); background: var(--accent-soft); }
button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button.primary:hover { background: var(--accent-hover); border-color: var(--accent-hover); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.actions button { flex: 1 1 auto; white-space: nowrap; }
.actions .primary { flex-grow: 2; }
.problem {
  margin-top: 1.125rem; padding: .6875rem .8125rem; font-size: .9375rem; font-weight: 550; color: var(--danger);
  background: var(--danger-soft); border-radius: var(--radius);
}`;

const parts = `
.demo-users { margin-top: 1.75rem; padding-top: 1.25rem; border-top: 1px solid var(--border); }
.demo-users h2 { margin: 0 0 .625rem; font-size: .875rem; font-weight: 600; color: var(--muted); }
.demo-users ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .625rem; margin: 0; padding: 0; list-style: none; }
.demo-users li { display: grid; }
.demo-users button { display: grid; align-content: start; gap: .125rem; padding: .625rem .8125rem; text-align: left; font-weight: 400; border-color: var(--border); }
.demo-users strong { font-weight: 620; }
.demo-users small { font-size: .8125rem; color: var(--muted); }
.scopes { margin: 1.25rem 0 0; padding: 0; list-style: none; border: 1px solid var(--border); border-radius: var(--radius); background: var(--sunken); }
.scopes li { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; padding: .6875rem .875rem; }
.scopes li + li { border-top: 1px solid var(--border); }
.scopes code { color: var(--muted); white-space: nowrap; }
.person { display: flex; align-items: center; gap: .75rem; margin-top: 1.25rem; }
.person > span:last-child { display: grid; line-height: 1.35; }
.avatar {
  flex: none; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%;
  font-weight: 650; color: var(--accent); background: var(--accent-soft);
}
.note code { font-size: .9375em; }
.note { font-size: .875rem; color: var(--muted); margin-top: .875rem; }
.note:empty { margin: 0; }
.detail { margin: 1.25rem 0 0; padding: .75rem .875rem; background: var(--sunken); border: 1px solid var(--border); border-radius: var(--radius); }
.user-code { margin: 1.25rem 0 0; font: 650 1.75rem/1.2 var(--font-mono); letter-spacing: .1em; text-align: center; }
.detail p { font-size: .875rem; color: var(--muted); }
h2 + .scopes { margin-top: .25rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .375rem 1rem; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; }`;

export const styles = [tokens, frame, forms, parts].join('\n').trim();
