"""How the inbox looks: one sheet for a desk and a phone, in light and in dark."""

STYLE = """
:root{color-scheme:light dark;--desk:#f4f4f1;--paper:#fff;--ink:#1c1b19;--soft:#5d5a54;--line:#dcdad3;--accent:#0b57a4;
--bad:#a3261b;--bad-desk:#fbe9e7;--warn:#7a4d00;--warn-desk:#fdf1dc}
@media(prefers-color-scheme:dark){:root{--desk:#161614;--paper:#201f1d;--ink:#ecebe7;--soft:#aeaba3;--line:#3a3833;--accent:#8cc0ff;
--bad:#ffb0a8;--bad-desk:#4a1f1b;--warn:#f2ca7e;--warn-desk:#43320f}}
*{box-sizing:border-box}
body{margin:0;background:var(--desk);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
header,main{max-width:76rem;margin:0 auto;padding:0 1.25rem}
main{padding-bottom:2rem}
header{display:flex;flex-wrap:wrap;gap:.1rem 1.5rem;align-items:center;justify-content:space-between;padding-top:1.1rem;padding-bottom:1.1rem}
.mark{font-weight:700;color:inherit;text-decoration:none}
.quiet{color:var(--soft)}
h1{font-size:1.35rem;line-height:1.3;margin:0;overflow-wrap:anywhere;text-wrap:balance}
.head{display:flex;flex-wrap:wrap;gap:.75rem 2rem;align-items:end;justify-content:space-between;margin:.5rem 0 1rem}
form{display:flex;gap:.5rem;align-items:stretch;flex-wrap:wrap}
label{font-size:.85rem;color:var(--soft)}
input,button{font:inherit;padding:.35rem .7rem;border:1px solid var(--soft);border-radius:6px;background:var(--paper);color:inherit}
input{display:block;width:16rem;max-width:70vw}
button{align-self:end;background:var(--accent);border-color:var(--accent);color:var(--paper);font-weight:600;cursor:pointer}
.sheet{background:var(--paper);border:1px solid var(--line);border-radius:10px;overflow:hidden}
ol{list-style:none;margin:0;padding:0}
li+li{border-top:1px solid var(--line)}
li a{display:grid;grid-template-columns:minmax(9rem,17rem) 1fr auto;gap:.1rem 1.25rem;align-items:baseline;padding:.7rem 1rem;color:inherit;text-decoration:none}
li a:hover{background:var(--desk)}
li a:hover .subject{text-decoration:underline}
li a:focus-visible{outline-offset:-3px}
li span{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.subject{font-weight:600}
time{color:var(--soft);font-size:.875rem;font-variant-numeric:tabular-nums}
.badge{font-size:.78rem;font-weight:600;padding:.05rem .5rem;border-radius:99px;background:var(--warn-desk);color:var(--warn);margin-left:.5rem;white-space:nowrap}
.badge.bad{background:var(--bad-desk);color:var(--bad)}
.empty{padding:3rem 1rem;text-align:center;color:var(--soft)}
.empty code{display:inline-block;margin-top:.5rem;overflow-wrap:anywhere}
.pages{display:flex;justify-content:space-between;gap:1rem;padding:1rem 0 2rem}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.15rem 1.25rem;margin:.9rem 0 .4rem;font-size:.925rem}
details{margin:0 0 1.1rem;font-size:.925rem}
summary{color:var(--accent);cursor:pointer;width:fit-content}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.views{display:flex;flex-wrap:wrap;gap:0 .25rem;border-bottom:1px solid var(--line);padding:0 .6rem}
.views a{padding:.65rem .8rem;color:var(--soft);text-decoration:none;border-bottom:3px solid transparent;margin-bottom:-1px}
.views a:hover{color:var(--ink)}
.views a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--accent)}
.views .right{margin-left:auto;display:flex}
iframe{display:block;border:0;width:100%;height:calc(100vh - 6rem);min-height:24rem;background:#fff}
.hand{background:var(--desk);padding:1.5rem 1rem}
.hand iframe{width:399px;max-width:100%;height:812px;margin:0 auto;border:12px solid #2b2a27;border-radius:34px}
pre{margin:0;padding:1.25rem;white-space:pre-wrap;overflow-wrap:anywhere;font:.875rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
table{border-collapse:collapse;width:100%;font-size:.925rem}
th,td{text-align:left;vertical-align:top;padding:.5rem 1.25rem;border-top:1px solid var(--line)}
tr:first-child>*{border-top:0}
th{white-space:nowrap;font-weight:600}
td{overflow-wrap:anywhere;width:100%}
@media(max-width:44rem){
header,main{padding-left:.75rem;padding-right:.75rem}
li a{grid-template-columns:1fr auto}
li .subject{grid-row:2;grid-column:1/-1;white-space:normal}
.views{padding:0;flex-wrap:nowrap;overflow-x:auto}.views a{padding:.6rem .55rem;margin:0;white-space:nowrap}
.views a[href*="/phone"]:not([aria-current]){display:none}
dl{grid-template-columns:5rem 1fr;gap:.1rem .75rem}
details dl{grid-template-columns:1fr;gap:0}details dd{margin-bottom:.4rem}
th,td{display:block;padding:.4rem .9rem}td{border-top:0;padding-top:0}
.hand{padding:0}.hand iframe{border:0;border-radius:0;width:100%}
}
"""
