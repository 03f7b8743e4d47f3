#!/usr/bin/env python3
"""Records what Jinja makes of our own chat templates, with the settings of transformers.

    pip install jinja2
    Scripts/make-chat-fixtures.py

writes Tests/TokenizerTests/Fixtures/chat/cases.json: for each case a template, a chat, and its text or null where the
template raises.
"""

import json
import pathlib

from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

CHAT = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "Hi, \u732b"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Why?"},
]

TEMPLATES = {
    "turns": "{% for m in messages %}{{ '[' + m['role'] + ']\n' + m.content | trim + '[end]\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant]\n' }}{% endif %}",
    "lines": """
{%- if messages[0].role == 'system' %}
    {%- set system = messages[0]['content'].strip() %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set system = "" %}
    {%- set rest = messages %}
{%- endif %}
{{ bos_token }}{% if system %}<<{{ system }}>>{% endif %}
{# a comment #}
{% for m in rest %}
    {% if loop.first %}first {% elif loop.last %}last {% else %}{{ loop.index0 }} {% endif %}
  {{ m.role | upper }}: {{ m.content }}

{% endfor %}
{% if add_generation_prompt -%}
    ANSWER:
{%- endif %}
""",
    "namespaces": "{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% if m.role != ns.last %}"
    "{% set ns.n = ns.n + 1 %}{% set ns.last = m.role %}{% endif %}{% set x = loop.index %}"
    "{% endfor %}{{ ns.n ~ ' turns, ' ~ ns.last }}{{ x is defined }}{{ y is not defined }}",
    "refuses": "{% if messages[0].role == 'system' %}{{ raise_exception('no system!') }}{% endif %}",
    "operators": "{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}{{ 2 + 3 * 4 - 1 }}"
    "{{ not true or 1 == 1 and 2 < 1 }}"
    "{{ 'a' in 'cat' }}{{ 'x' not in ['x', 'y'] }}{{ 'role' in messages[0] }}{{ messages | length }}"
    "{{ 'yes' if messages[9] else 'no' }}{{ 'b' if false }}|{{ none }}{{ True }}{{ messages[-1].content }}"
    "{{ messages[0].missing }}{{ messages[0].missing | default('d') }}{{ 'abc'[1:] }}{{ 'abc'[:-1] }}"
    "{{ 'abc'[-1] }}{{ '' or 'fallback' }}{{ 'a' and 'b' }}{{ tools is none }}{{ tools is not none }}"
    "{{ 'x' is string }}{{ 1 is string }}{{ messages[0] is mapping }}{{ 'Hi'.startswith('H') }}"
    "{{ 'Hi'.endswith('H') }}{{ messages[0].get('z', 'none') }}{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|"
    "{{ 'a' ~ 1 ~ none }}{{ 1 == true }}{{ '1' == 1 }}{{ 'a' < 'b' }}{{ (1 + 2) * 3 }}{{ [1, 2][1] }}",
    "space": "a  {%- if true -%}  b  {%- endif %}  c\n  {% if true %}\n  d\n  {% endif %}\n\n  e {{- ' f ' -}}  g\n"
    "   {# c #}\n h\t{% if true %} i {% endif %} \n\n  {%+ if true %}j{% endif %}\n {%- set x = 1 %} k \n\n",
    "carriage": "a\r\n{% if true %}\r\nb\r{% endif %}\r\n",
    "quotes": """{{ 'it\\'s' ~ "a \\"b\\"\\n" ~ 'tab\\t\\\\' }}{{ '{{' }}{{ "%}" }}""",
    "nested": "{% for m in messages %}{% for n in messages %}{{ loop.index }}{% if loop.last %}.{% endif %}{% endfor %}"
    "{{ loop.revindex }}{{ loop.length }} {% endfor %}{% set a = 1 %}{% if a %}{% set a = 2 %}{% endif %}{{ a }}",
}


def raise_exception(message):
    raise TemplateError(message)


def main():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = raise_exception
    cases = []
    for name, template in TEMPLATES.items():
        for prompt in (False, True):
            for chat in (CHAT, CHAT[1:]):
                try:
                    text = environment.from_string(template).render(
                        messages=chat,
                        add_generation_prompt=prompt,
                        tools=None,
                        documents=None,
                        bos_token="<s>",
                        eos_token="</s>",
                    )
                except TemplateError:
                    text = None
                cases.append(
                    {
                        "name": name,
                        "template": template,
                        "messages": chat,
                        "add_generation_prompt": prompt,
                        "text": text,
                    }
                )
    path = pathlib.Path(__file__).parent.parent / "Tests/TokenizerTests/Fixtures/chat/cases.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
