/** The look that all demo apps share: system fonts, calm surfaces, one accent, light and dark. */
export const styles = `
:root {
  color-scheme: light dark;
  --background: light-dark(#f4f6f5, #0f1413);
  --surface: light-dark(#ffffff, #171e1c);
  --text: light-dark(#16201d, #e8efec);
  --muted: light-dark(#55625d, #9fb0a9);
  --border: light-dark(#d8dfdb, #2d3835);
  --accent: light-dark(#0b6b5d, #63d2bb);
  --on-accent: light-dark(#ffffff, #05231d);
  --danger: light-dark(#b3261e, #ff8f85);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  padding: 2.5rem 1rem 1.5rem; background: var(--background); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
header { display: flex; align-items: center; gap: .55rem; font-weight: 650; margin-bottom: 1.5rem; }
.mark { width: 1.15rem; height: 1.15rem; border-radius: .3rem; background: var(--accent); box-shadow: inset 0 0 0 .27rem var(--accent), inset 0 0 0 .42rem var(--on-accent); }
main {
  width: 100%; max-width: 26rem; background: var(--surface); border: 1px solid var(--border);
  border-radius: .9rem; padding: 2rem; box-shadow: 0 1px 2px rgb(0 0 0 / .06), 0 12px 32px rgb(0 0 0 / .06);
}
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0 0 .4rem; letter-spacing: -.01em; text-wrap: balance; }
p { margin: 0 0 1.1rem; }
.muted { color: var(--muted); font-weight: 400; }
label { display: block; font-weight: 600; margin: 1rem 0 .35rem; }
input {
  width: 100%; font: inherit; color: inherit; background: var(--background);
  border: 1px solid var(--border); border-radius: .55rem; padding: .65rem .8rem;
}
input[aria-invalid="true"] { border-color: var(--danger); }
button {
  font: inherit; font-weight: 650; border-radius: .55rem; padding: .7rem 1rem; border: 1px solid transparent; cursor: pointer;
}
.primary { width: 100%; margin-top: 1.5rem; background: var(--accent); color: var(--on-accent); }
.secondary { width: 100%; margin-top: .6rem; background: transparent; color: var(--text); border-color: var(--border); }
button:hover { filter: brightness(1.07); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.error { color: var(--danger); font-weight: 600; margin: .8rem 0 0; }
ul.scopes { list-style: none; margin: 0 0 .5rem; padding: 0; border-top: 1px solid var(--border); }
ul.scopes li { padding: .65rem 0; border-bottom: 1px solid var(--border); }
code { font: .92em ui-monospace, "SFMono-Regular", "Liberation Mono", monospace; color: var(--muted); }
.hint { margin: 1.6rem 0 0; padding-top: 1.1rem; border-top: 1px solid var(--border); }
.hint p { margin-bottom: .5rem; font-size: .92rem; }
.users { display: flex; gap: .6rem; }
.users button { flex: 1; margin: 0; padding: .5rem .6rem; font-weight: 500; text-align: left; font-size: .92rem; line-height: 1.4; }
.users strong { display: block; }
footer { margin-top: 1.5rem; color: var(--muted); font-size: .85rem; text-align: center; }
`;
