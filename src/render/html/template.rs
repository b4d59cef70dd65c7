//! The page's markup. It stands here because askama is built without templates in files.
//!
//! Must not: mark anything safe but the style sheet; every text of a ledger or master is escaped.

use super::view::{self, Savings, Window};
use crate::render::WindowSheet;
use askama::Template;
use std::cmp::Reverse;

/// The page over windows.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ programme }} · clearing windows</title>
<style>
{{ style|safe }}</style>
</head>
<body>
<header>
<p class="brand">Tallyhouse</p>
<h1>Clearing windows of <em>{{ programme }}</em></h1>
<p class="origin">{{ origin }}{% if simulated %} <strong class="badge">simulation: time is set
by hand</strong>{% endif %}</p>
</header>
<main>
{%- if let Some(all) = savings %}
<section class="hero" aria-label="What netting saved">
<p class="big"><span class="figure">{{ all.percent }}<small>%</small></span>
saved by netting</p>
<dl>
<div><dt>Owed before netting</dt><dd>{{ all.gross }} <small>{{ currency }}</small></dd></div>
<div><dt>Owed after it</dt><dd>{{ all.net }} <small>{{ currency }}</small></dd></div>
<div><dt>Payments</dt><dd>{{ all.payments }} <small>instead of {{ all.pairs }}</small></dd></div>
<div><dt>Lines</dt><dd>{{ all.lines }} <small>in {{ windows.len() }}
{% if windows.len() == 1 %}window{% else %}windows{% endif %}</small></dd></div>
</dl>
</section>
<section>
<div class="wide" role="region" aria-label="Windows" tabindex="0">
<table class="list">
<caption>Windows, the latest first; amounts in {{ currency }}</caption>
<thead><tr><th scope="col">Window</th><th scope="col">Days</th>
<th scope="col" class="n">Lines</th><th scope="col" class="n">Gross</th>
<th scope="col" class="n">Net</th><th scope="col" class="n">Saved</th>
<th scope="col" class="n">Payments</th><th scope="col" class="links">Files</th></tr></thead>
<tbody>
{%- for w in windows %}
<tr><th scope="row"><a href="#window-{{ w.number }}">{{ w.number }}</a></th>
<td>{{ w.days }}</td><td class="n">{{ w.savings.lines }}</td>
<td class="n">{{ w.savings.gross }}</td><td class="n">{{ w.savings.net }}</td>
<td class="n">{{ w.savings.percent }}{% if w.savings.percent != "–" %}%{% endif %}</td>
<td class="n">{{ w.savings.payments }}
<span class="soft">instead of {{ w.savings.pairs }}</span></td>
<td class="links">
{% for f in w.files %}<a class="chip" href="{{ f.href }}">{{ f.label }}</a> {% endfor %}</td>
</tr>
{%- endfor %}
</tbody>
</table>
</div>
</section>
{%- else %}
<p class="empty">No window has been stated yet.</p>
{%- endif %}
{%- for w in windows %}
<article id="window-{{ w.number }}">
<h2>Window {{ w.number }} <span class="soft">{{ w.days }}</span></h2>
{%- if w.savings.lines == 0 %}
<p class="lead">No lines: nobody owes anybody anything new.</p>
{%- else %}
<p class="lead"><b>{{ w.savings.gross }}</b> {{ w.currency }} owed on {{ w.savings.lines }}
{% if w.savings.lines == 1 %}line{% else %}lines{% endif %} netted to
<b>{{ w.savings.net }}</b> {{ w.currency }}, in {{ w.savings.payments }}
{% if w.savings.payments == 1 %}payment{% else %}payments{% endif %}
{%- if w.savings.percent != "–" %}: <b class="saved">{{ w.savings.percent }}%</b> saved
{%- endif %}.</p>
<div class="wide" role="region" aria-label="Who owes whom in window {{ w.number }}" tabindex="0">
<table class="matrix">
<caption>Who owes whom before netting, {{ w.currency }}; a row owes, a column is owed</caption>
<thead><tr><td class="corner"></td>
{%- for p in w.parties %}<th scope="col" class="n" title="{{ p.name }}">{{ p.id }}</th>{% endfor %}
<th scope="col" class="n total">owes in all</th></tr></thead>
<tbody>
{%- for r in w.rows %}
<tr><th scope="row" title="{{ r.debtor.name }}">{{ r.debtor.id }}</th>
{%- for c in r.cells %}<td class="n heat {{ c.kind }}" style="--heat:{{ c.share }}">
{{- c.amount }}</td>
{%- endfor %}
<td class="n total {{ r.total.kind }}">{{ r.total.amount }}</td></tr>
{%- endfor %}
</tbody>
<tfoot><tr><th scope="row">is owed in all</th>
{%- for t in w.totals %}<td class="n {{ t.kind }}">{{ t.amount }}</td>{% endfor %}
<td class="n total grand">{{ w.gross }}</td></tr></tfoot>
</table>
</div>
{%- endif %}
<div class="wide" role="region" aria-label="Positions in window {{ w.number }}" tabindex="0">
<table class="positions">
<caption>What each party comes to, {{ w.currency }}; + receives, − pays</caption>
<thead><tr><th scope="col">Party</th><th scope="col" class="n">Is owed</th>
<th scope="col" class="n">Owes</th><th scope="col" class="n">Net</th>
<td class="bar"></td><th scope="col" class="n">Payable now</th></tr></thead>
<tbody>
{%- for p in w.positions %}
<tr><th scope="row">{{ p.party.name }}
{%- if p.party.name != p.party.id %} <span class="soft">{{ p.party.id }}</span>{% endif %}</th>
<td class="n">{{ p.credits }}</td><td class="n">{{ p.debits }}</td>
<td class="n {{ p.side }}">{{ p.net }}</td>
<td class="bar {{ p.side }}" aria-hidden="true"><i style="--share:{{ p.share }}"></i></td>
<td class="n {{ p.payable_side }}">{{ p.payable }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- if !w.payments.is_empty() || !w.open_items.is_empty() %}
<div class="wide" role="region" aria-label="Payments of window {{ w.number }}" tabindex="0">
<table class="payments">
<caption>Payments, {{ w.currency }}</caption>
<thead><tr><th scope="col">Pays</th><th scope="col">Gets</th>
<th scope="col" class="n">Amount</th><th scope="col">Due</th>
<th scope="col">Reference</th><th scope="col">Of window</th><th scope="col">Was</th></tr></thead>
<tbody>
{%- for p in w.payments.iter().chain(w.open_items.iter()) %}
<tr><td>{{ p.debtor }}</td><td>{{ p.creditor }}</td><td class="n">{{ p.amount }}</td>
<td class="day">{{ p.due_on }}</td><td><code>{{ p.reference }}</code></td><td>{{ p.window }}</td>
<td class="{{ p.status }}">{{ p.status }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
{%- if !w.files.is_empty() || !w.statements.is_empty() %}
<section class="files" aria-label="Files of window {{ w.number }}">
<h3>Files</h3>
<ul>
{%- if !w.files.is_empty() %}
<li><span>window</span> {% for f in w.files %}<a class="chip" href="{{ f.href }}">{{ f.label }}</a>
{% endfor %}</li>
{%- endif %}
{%- for s in w.statements %}
<li><span>{{ s.partner }}</span> {% for f in s.links %}<a class="chip" href="{{ f.href }}"
 aria-label="{{ s.partner }} {{ f.label }}">{{ f.label }}</a> {% endfor %}</li>
{%- endfor %}
</ul>
</section>
{%- endif %}
<p class="hash">SHA-256 of window.json <code>{{ w.sha256 }}</code></p>
</article>
{%- endfor %}
</main>
<footer>The signed JSON files are what counts; this page was made from them.</footer>
</body>
</html>
"##
)]
pub struct Index<'a> {
    programme: String,
    origin: String,
    currency: String,
    simulated: bool,
    savings: Option<Savings>,
    windows: Vec<Window>,
    style: &'a str,
}

impl Index<'_> {
    /// The page over windows with the links of their files.
    pub fn of(windows: &[WindowSheet], files: &[Vec<String>]) -> Self {
        let identity = windows.first().map(|sheet| &sheet.document.identity);
        let of = |text: fn(&crate::domain::statement::Identity) -> String| {
            identity.map_or_else(String::new, text)
        };
        let mut shown: Vec<Window> = windows
            .iter()
            .zip(files)
            .map(|(sheet, files)| Window::of(sheet, files))
            .collect();
        shown.sort_by_key(|window| Reverse(window.number));
        Self {
            programme: of(|identity| identity.programme.to_string()),
            origin: of(|identity| identity.origin.clone()),
            currency: of(|identity| identity.currency.clone()),
            simulated: identity.is_some_and(|identity| identity.simulated),
            savings: view::savings(windows),
            windows: shown,
            style: include_str!("index.css"),
        }
    }
}
