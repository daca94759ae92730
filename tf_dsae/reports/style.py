"""How a page looks: light and dark, on a desk, on a phone and on paper."""

_LIGHT = """
  --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --wash: #f5f6f8; --rule: #dde1e6;
  --accent: #0b62c4; --good: #0a6b3d; --warn: #8a4600; --warn-wash: #fff4e0; --plate: #ffffff;
"""
_DARK = """
  --ink: #e4e7eb; --soft: #9aa4b0; --paper: #14171b; --wash: #1d2126; --rule: #333a42;
  --accent: #6db3ff; --good: #5fd08f; --warn: #ffc069; --warn-wash: #33260f; --plate: #ffffff;
"""

STYLE = (
    ":root {"
    + _LIGHT
    + "}\n@media screen and (prefers-color-scheme: dark) { :root {"
    + _DARK
    + "} }"
    + """
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.page { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1.25rem 5rem; }
main { min-width: 0; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.6rem, 4vw, 2.1rem); letter-spacing: -.015em; margin: .5rem 0 1rem; }
h2 {
  font-size: 1.35rem; margin: 3rem 0 1rem; padding-top: .75rem;
  border-top: 1px solid var(--rule);
}
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { max-width: 44rem; margin: .75rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

nav { font-size: .9rem; }
nav ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
nav a { color: var(--soft); text-decoration: none; display: inline-block; padding: .2rem 0; }
nav a:hover { color: var(--accent); text-decoration: underline; }

.notice {
  background: var(--warn-wash); color: var(--warn); border-left: 4px solid currentColor;
  padding: .7rem 1rem; border-radius: 0 .4rem .4rem 0; font-weight: 600;
}
.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0;
}
.facts div { background: var(--wash); border-radius: .5rem; padding: .7rem .9rem;
  display: flex; flex-direction: column; justify-content: space-between; }
.facts dt { color: var(--soft); font-size: .8rem; line-height: 1.35; }
.facts dd { margin: .15rem 0 0; font-size: 1.35rem; font-weight: 600; line-height: 1.3;
  font-variant-numeric: tabular-nums; }

figure { margin: 1.75rem 0; }
figcaption { max-width: 44rem; overflow-wrap: anywhere; }
.table figcaption { font-weight: 600; margin-bottom: .4rem; }
/* Shadows at the edges that more of the table lies beyond. */
.scroll {
  overflow-x: auto; max-width: 100%;
  background:
    linear-gradient(90deg, var(--paper) 1rem, transparent) left / 3rem 100% no-repeat local,
    linear-gradient(270deg, var(--paper) 1rem, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(90deg, var(--rule), transparent) left / 1rem 100% no-repeat scroll,
    linear-gradient(270deg, var(--rule), transparent) right / 1rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .8rem; text-align: left; vertical-align: top; }
thead th {
  color: var(--soft); font-weight: 600; font-size: .82rem; line-height: 1.3; vertical-align: bottom;
  border-bottom: 2px solid var(--rule); min-width: 4.5rem;
}
thead .number { min-width: 6.2rem; }
tbody tr { border-bottom: 1px solid var(--rule); }
tbody th {
  font-weight: 500; position: sticky; left: 0; background: var(--paper); padding-left: 0;
  min-width: 6rem; max-width: 14rem; overflow-wrap: break-word;
}
thead th:first-child { position: sticky; left: 0; background: var(--paper); padding-left: 0; }
.number { text-align: right; }
td.number { white-space: nowrap; }
td[style] {
  background: color-mix(in srgb, var(--accent) calc(var(--shade) * 42%), transparent);
}
td small { display: block; color: var(--soft); font-size: .78rem; line-height: 1.3; }
.best { color: var(--good); font-weight: 700; }
.best::after { content: "\\2009\\2605"; font-size: .7em; vertical-align: .25em; }
.notes { color: var(--soft); font-size: .88rem; margin: .5rem 0 0; }

.picture { border: 1px solid var(--rule); border-radius: .6rem; overflow: hidden; }
.plate { background: var(--plate); padding: .5rem; }
.plate img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.picture figcaption { max-width: none; padding: .7rem 1rem; font-size: .92rem;
  border-top: 1px solid var(--rule); }
.picture details { padding: 0 1rem .7rem; }
summary { cursor: pointer; color: var(--accent); font-size: .92rem; }
.picture details .plate { margin: .6rem -1rem -.7rem; }

.settings { border: 1px solid var(--rule); border-radius: .6rem; margin: 1rem 0;
  padding: .7rem 1rem; }
.settings dl { margin: 0; font-size: .88rem; }
.settings dl div { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 1rem;
  padding: .2rem 0; border-bottom: 1px solid var(--rule); }
.settings dt { color: var(--soft); overflow-wrap: anywhere; }
.settings dd { margin: 0; overflow-wrap: anywhere;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }

@media (min-width: 70rem) {
  .page { max-width: 74rem; display: grid; grid-template-columns: 12rem 1fr; gap: 3rem; }
  nav { position: sticky; top: 1.5rem; align-self: start; max-height: 95vh; overflow-y: auto; }
  nav ol { flex-direction: column; padding-top: 1rem; border-top: 2px solid var(--accent); }
}
@media (max-width: 30rem) {
  .page { padding: 1rem 1rem 3rem; }
  .settings dl div { grid-template-columns: 1fr; gap: 0; }
}
@media (prefers-reduced-motion: reduce) {
  html { scroll-behavior: auto; }
  .moving { display: none !important; }
  .picture details::details-content { content-visibility: visible; block-size: auto; }
}
@media print {
  .page { display: block; max-width: none; padding: 0; font-size: .9rem; }
  nav, .moving { display: none !important; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .picture summary { display: none; }
  .scroll { overflow: visible; background: none; }
  .plate img { max-height: 22cm; width: auto; }
  figure, tr, .facts { break-inside: avoid; }
  h2 { break-after: avoid; }
  td[style], .facts div, .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
)
