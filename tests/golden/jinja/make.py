"""Writes cases.jsonl: small templates and what jinja2 makes of them under the settings that transformers uses."""
import json
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox

MESSAGES = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "  Hi\n"},
    {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nBecause \U0001d538é."},
    {"role": "user", "content": "And?", "tags": ["b", "a", "B"], "n": 3},
]
VARIABLES = {
    "messages": MESSAGES,
    "add_generation_prompt": True,
    "tools": None,
    "bos_token": "<s>",
    "numbers": [3, 1, 2],
    "mixed": [1, 2.5, "x'y", None, True, {"k": [1]}],
    "table": {"b": 2, "a": "\u00e9\n", "items": 7},
    "empty": [],
    "text": "  one two\tthree  ",
}
BOTH = [
    # whitespace control
    "a\n{% if true %}\nb\n{% endif %}\nc\n",
    "a\n  {% if true %}  \n  b\n  {%- endif %}\nc",
    "  {%- if true -%}  x  {%- endif -%}  y",
    "x  {% if true %}y{% endif %}  z",
    "  {%+ if true %}y{%+ endif +%}\nz",
    "  {{ 1 }}  \n  {{- 2 }}\n\n{{ 3 -}}  \n 4",
    "a {# note #}\n  {# more #}\n b {#- x -#} c",
    "{% raw %}{{ x }}{% if %}{% endraw %}|\n  {%- raw -%} y {%- endraw -%} z",
    "line\r\n{% if true %}\r\nx\r\n{% endif %}\r\n\r\n",
    "{{ 'a\\n\\t\\x41\\u00e9\\'q\\q' \"b\" }}",
    "{% for x in numbers %}\n    {{ x }}\n{% endfor %}\nend",
    "{{ '{{' }}{{ '%}' }}{{ {'a': {'b': 1}}.a.b }}",
    # expressions
    "{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ -2 ** 2 }} {{ 1e3 }} {{ 1.5 + 1 }} {{ 1_000 }}",
    "{{ 'a' ~ 1 ~ none ~ true }} {{ 'ab' * 3 }} {{ [1] + [2] }} {{ 'a' + 'b' }}",
    "{{ 1 < 2 <= 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 != 2 }} {{ none == none }}",
    "{{ 'a' in 'cat' }} {{ 'x' not in 'cat' }} {{ 2 in numbers }} {{ 'a' in table }} {{ not 1 in numbers }}",
    "{{ 1 and 0 or 'x' }} {{ not empty }} {{ empty or 'none' }} {{ not not 1 }} {{ nothing and 1 }}|",
    "{{ 'y' if true else 'n' }} {{ 'y' if false }}| {{ 1 if empty else 2 if none else 3 }}",
    "{{ mixed }} {{ table }} {{ (1,) }} {{ (1, 2) }} {{ {} }} {{ [] }} {{ none }} {{ 'it\\'s' }} {{ ['it\\'s', 'q\"'] }}",
    "{{ messages[0].role }} {{ messages[-1]['content'] }} {{ messages[9] }}| {{ messages[0].foo }}| {{ messages[0]['foo'] is defined }}",
    "{{ numbers[::-1] }} {{ numbers[1:] }} {{ numbers[:-1] }} {{ 'abcdef'[1:5:2] }} {{ 'abc'[::-1] }} {{ numbers[-5:2] }} {{ numbers[5:] }}",
    "{{ messages[2].content[-2] }} {{ messages[2].content | length }} {{ messages[2].content[::-1] }}",
    "{{ table.items() | list }} {{ table.keys() | list }} {{ table.values() | list }} {{ table['items'] }} {{ table.get('b') }} {{ table.get('z') }} {{ table.get('z', 5) }}",
    "{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e-5 }} {{ 123456789.5 }} {{ 1e15 }} {{ 2.0 }} {{ 1 / 3 }} {{ 1.5e300 * 1e10 }}",
    "{{ 3 is odd }} {{ 4 is even }} {{ 4 is divisibleby 2 }} {{ 3 is eq 3 }} {{ 3 is not eq(4) }} {{ 'a' is in 'abc' }} {{ 3 is gt 2 and 2 is lt 3 }}",
    "{{ nothing is defined }} {{ nothing is undefined }} {{ none is none }} {{ 'a' is string }} {{ table is mapping }} {{ numbers is sequence }} {{ numbers is iterable }} {{ 1 is number }} {{ true is number }} {{ true is integer }} {{ 1 is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ 1 is true }} {{ true is true }} {{ false is false }} {{ range is callable }} {{ none is sequence }} {{ 'a' is sequence }} {{ none is sameas none }} {{ 'ab' is lower }} {{ 'AB' is upper }}",
    # statements
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ m.content }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for x in empty %}{{ x }}{% else %}nothing{% endfor %} {% for x in nothing %}{% else %}undefined{% endfor %}",
    "{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %} {% for k in table %}{{ k }}{% endfor %}",
    "{% for a in [1, 2] %}{% for b in [3, 4] %}{{ loop.depth }}{{ a }}{{ b }}{{ loop.cycle('x', 'y') }} {% endfor %}{% endfor %}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{{ loop.previtem }}|{{ loop.nextitem }};{% endfor %}",
    "{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{{ range(3) | list }} {{ range(1, 7, 2) | list }} {{ range(5, 0, -2) | list }} {% for c in 'añ\U0001d538' %}[{{ c }}]{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(a=1, b='x') %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = (1, 2) %}{{ c }}{% if true %}{% set d = 5 %}{% endif %}{{ d }}",
    "{% set t %}  x {{ 1 }}  {% endset %}[{{ t }}]{% set u | trim | upper %}  x {{ 1 }}  {% endset %}[{{ u }}]",
    "{% macro m(a, b='z', c=b) %}({{ a }},{{ b }},{{ c }}){% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{% set y = 2 %}{% macro g() %}{{ y }}{% endmacro %}{% set y = 3 %}{{ g() }}",
    "{% if empty %}1{% elif none %}2{% elif 'x' %}3{% else %}4{% endif %}{% if false %}{% else %}5{% endif %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
    "{% set d = dict(a=1, b=2) %}{{ d }}{{ d.a }}{% for m in messages[1:] %}{{ m.role[0] }}{% endfor %}",
    # methods
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ ' a '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ 'xya'.lstrip('yx') }} {{ 'a\\n\\n'.rstrip('\\n') }}|",
    "{{ 'a,b,,c'.split(',') }} {{ text.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ ' a b  c '.split(none, 1) }} {{ 'a</think>b'.split('</think>')[-1] }}",
    "{{ 'aXbX'.replace('X', '--') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'ab'.replace('', '-') }} {{ 'Ab cD'.upper() }} {{ 'Ab cD'.lower() }} {{ 'ab cD'.title() }} {{ 'aB cD'.capitalize() }}",
    "{{ 'banana'.find('an') }} {{ 'banana'.rfind('an') }} {{ 'banana'.count('a') }} {{ 'x'.find('y') }} {{ '-'.join(['a', 'b']) }} {{ '12'.isdigit() }} {{ 'a b\\nc\\n'.splitlines() }} {{ 'ab'.removeprefix('a') }} {{ 'ab'.removesuffix('b') }} {{ ' '.isspace() }} {{ 'a1'.isalnum() }}",
    # filters
    "{{ text | trim }}|{{ 'xax' | trim('x') }} {{ numbers | length }} {{ numbers | first }} {{ numbers | last }} {{ numbers | join(', ') }} {{ numbers | sort }} {{ numbers | sort(reverse=true) }} {{ numbers | reverse | list }} {{ 'abc' | reverse }}",
    "{{ nothing | default('d') }} {{ '' | default('d') }}| {{ '' | default('d', true) }} {{ none | d('x') }} {{ none | default('x', boolean=true) }}",
    "{{ mixed | tojson }} {{ table | tojson }} {{ table | tojson(indent=2) }} {{ [] | tojson(indent=4) }} {{ 'é\"\\\\\\n\\x01<' | tojson }} {{ 1.0 | tojson }} {{ table | tojson(sort_keys=true) }}",
    "{{ messages | map(attribute='role') | list }} {{ messages | map(attribute='n', default=0) | list }} {{ ['a', 'b'] | map('upper') | join }} {{ ['1', '2'] | map('int') | sum }} {{ ['a.b'] | map('replace', '.', '-') | list }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }} {{ messages | rejectattr('n', 'defined') | list | length }} {{ messages | selectattr('n') | list | length }} {{ numbers | select('gt', 1) | list }} {{ mixed | reject('none') | list | length }} {{ numbers | select('odd') | list }}",
    "{{ messages[3].tags | sort }} {{ messages[3].tags | sort(case_sensitive=true) }} {{ messages[3].tags | unique | list }} {{ numbers | max }} {{ numbers | min }} {{ table | dictsort }} {{ {'a': 1} | items | list }} {{ messages | sort(attribute='role') | map(attribute='role') | list }}",
    "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 3.9 | int }} {{ '3.5' | float }} {{ -3 | abs }} {{ 2.567 | round(1) }} {{ 2.5 | round }} {{ 2.1 | round(0, 'ceil') }} {{ 5 | string }} {{ 'a b c' | wordcount }} {{ 7 | float }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'ab' | capitalize }} {{ 'a b' | title }} {{ 'A' | lower }} {{ 'a-b' | replace('-', '+') }} {{ '<' | safe }} {{ 'a' | list }} {{ 'é' | upper }}",
    "{{ bos_token }}{{ messages | length - 1 }} {{ (messages | length) - loop_start | default(1) }} {{ 'x' if messages[0]['role'] == 'system' and messages[0].content is string else 'y' }}",
]
ERRORS = [
    "{{ nothing.foo }}", "{{ messages[9].role }}", "{{ nothing() }}", "{{ 1 + 'a' }}", "{{ nothing + 1 }}", "{{ 1 < 'a' }}", "{{ 1 in 5 }}", "{{ 1 // 0 }}",
    "{{ x | frobnicate }}", "{{ x is frobnicated }}", "{% frobnicate %}", "{% if x %}", "{% for x in 5 %}{% endfor %}", "{{ 'a' }", "{{ (1 }}", "{% endif %}", "{{ }}",
    "{{ 'abc", "{# x", "{% set x.y = 1 %}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{{ raise_exception('no such role') }}", "{% set a, b = [1] %}",
    "{{ 'a'.nothing() }}", "{{ messages.append(1) }}", "{{ range(1000000) | list }}", "{% raw %} x", "{{ a b }}", "{{ nothing | tojson }}", "{% break %}", "{{ [1][::0] }}",
]


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


def main():
    env = environment()
    with open(sys.argv[1], "w", encoding="ascii", newline="\n") as out:
        for template in BOTH:
            out.write(json.dumps({"template": template, "text": env.from_string(template).render(**VARIABLES)}) + "\n")
        for template in ERRORS:
            try:
                text = env.from_string(template).render(**VARIABLES)
            except Exception:
                out.write(json.dumps({"template": template, "error": True}) + "\n")
            else:
                sys.exit(f"{template!r} gives {text!r}")
        out.write(json.dumps({"variables": VARIABLES}) + "\n")


main()
