/* SPDX-License-Identifier: Apache-2.0
 * The look of every page: the system's letters, two schemes, one column on a phone. */
#include "report/html.h"

#include <stddef.h>

static const char colours[] =
    ":root{color-scheme:light dark;--page:#f6f6f4;--card:#fff;--ink:#1d1f21;--soft:#5c6166;"
    "--line:#e1e2df;--track:#ececea;--none:#f3f3f1;--good:#2b6cb0;--bad:#c2571a;--on:#fff;"
    "--s0:#2b6cb0;--s1:#c2571a;--s2:#3b8f5a;--s3:#8a56a8;--s4:#a2821a;--s5:#4a9aa5}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#131517;--card:#1c1f22;--ink:#e6e7e8;"
    "--soft:#a0a6ab;--line:#2f3438;--track:#2a2e32;--none:#22262a;--good:#6ea8e6;--bad:#ec9460;"
    "--on:#101214;--s0:#6ea8e6;--s1:#ec9460;--s2:#71c492;--s3:#c398dd;--s4:#d8bb58;--s5:#7fcbd6}}\n";

static const char writing[] =
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Helvetica Neue',sans-serif;-webkit-text-size-adjust:100%}"
    "main{max-width:1080px;margin:0 auto;padding:24px 16px 40px}"
    "h1{font-size:1.6rem;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}"
    "h2{font-size:1.15rem;line-height:1.3;margin:0 0 4px}"
    "h3{font-size:.875rem;margin:0 0 8px;color:var(--soft);font-weight:600}"
    "section{margin-top:40px}.sub,.note{color:var(--soft);margin:4px 0 12px;overflow-wrap:anywhere}"
    ".note{font-size:.9rem;max-width:46rem}"
    "footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--line);color:var(--soft);"
    "font-size:.8rem}\n";

static const char blocks[] =
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;"
    "margin:18px 0 0}.tiles div,.card{background:var(--card);border:1px solid var(--line);"
    "border-radius:8px;padding:12px;min-width:0}.tiles dt{color:var(--soft);font-size:.8rem}"
    ".tiles dd{margin:0;font-size:1.35rem;line-height:1.3;font-weight:600;"
    "font-variant-numeric:tabular-nums;overflow-wrap:anywhere}"
    ".columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));"
    "gap:12px;align-items:start}.columns+.card,.card+.card{margin-top:12px}"
    ".columns .card+.card{margin-top:0}.stack{display:grid;gap:12px;min-width:0}\n"
    "table{border-collapse:collapse;width:100%;font-size:.875rem}"
    "th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "tr:last-child>*{border-bottom:0}thead th{color:var(--soft);font-weight:600;font-size:.8rem}"
    ".scroll{overflow-x:auto}.numbers td,.numbers th{white-space:nowrap;overflow-wrap:normal}.numbers small{color:var(--soft)}"
    ".word{white-space:nowrap}.pairs th{font-weight:400;color:var(--soft);width:38%}"
    ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;"
    "padding-right:0;padding-left:12px}"
    "details>summary{cursor:pointer;font-weight:600;font-size:.9rem}"
    "details[open]>summary{margin-bottom:8px}\n";

static const char plots[] =
    "svg.plot{display:block;width:100%;height:auto;max-width:540px;margin:0 auto}"
    "svg.heat{max-width:600px}svg.map{max-width:960px}"
    "svg text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}"
    "svg.heat text{font-size:11px}svg.heat text.on{fill:var(--on)}svg.heat text.cell{fill:var(--ink)}"
    "@media(min-width:700px){svg text{font-size:10px}svg.heat text{font-size:10px}}"
    "svg.map text{font-size:10px}svg text.name{fill:var(--ink)}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
    ".cloud{stroke-width:3.4;stroke-opacity:.4}.whisker{stroke:var(--ink);stroke-width:1.2;fill:none}"
    ".rule{stroke:var(--line);fill:none}.axis{stroke:var(--soft);fill:none}"
    ".track{fill:var(--track)}.none{fill:var(--none)}.good{fill:var(--good)}.bad{fill:var(--bad)}"
    ".line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}"
    ".line.s3{stroke:var(--s3)}.line.s4{stroke:var(--s4)}.line.s5{stroke:var(--s5)}"
    ".dot.s0,.fill.s0{fill:var(--s0)}.dot.s1{fill:var(--s1)}.dot.s2{fill:var(--s2)}"
    ".dot.s3{fill:var(--s3)}.dot.s4{fill:var(--s4)}.dot.s5{fill:var(--s5)}\n";

static const char pictures[] =
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(156px,1fr));gap:12px}"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;"
    "overflow:hidden;min-width:0}"
    "figure img,.missing{display:block;width:100%;aspect-ratio:1;object-fit:contain;"
    "background:var(--track)}"
    ".missing{display:grid;place-items:center;color:var(--soft);font-size:.8rem;padding:8px}"
    "figcaption{padding:8px 10px 10px;font-size:.8rem;line-height:1.4;overflow-wrap:anywhere}"
    "figcaption b{display:block;font-size:.875rem}figcaption .wrong{color:var(--bad)}"
    "figcaption .right{color:var(--good)}figcaption small{color:var(--soft);font-size:.75rem}"
    "@media(max-width:420px){.pictures{grid-template-columns:1fr 1fr;gap:10px}"
    "th,td{padding-right:8px}.number{padding-right:0}}"
    "@media print{body{background:#fff}section{break-inside:avoid}}\n";

const char *const brn__html_style[] = {colours, writing, blocks, plots, pictures, NULL};
