# Templates are easier to read in one line than cut.
# ruff: noqa: E501
"""Our own chat templates: the layouts that families of models have, and every construct with its odd cases."""

SYSTEM = {"role": "system", "content": " Be brief.\n"}
TURNS = [
    {"role": "user", "content": "Hi, \u732b"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Why?"},
]
CHAT = [SYSTEM, *TURNS]
PARTS = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "Look: "}, {"type": "image"}, {"type": "text", "text": "it."}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": 'A "cat" <3.'}]},
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": 'The weather in a city, it\'s \u2014 <now> & "here".',
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Where"},
                    "days": {"type": "integer", "enum": [1, 2], "default": None, "scale": 0.5},
                    "nested": {"type": "object", "properties": {"deep": {"type": ["string", "null"]}}},
                },
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "time", "parameters": {}}},
]
CALLS = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "type": "function",
                "id": "c1",
                "function": {"name": "weather", "arguments": {"city": "Zürich", "days": 2}},
            },
            {"type": "function", "id": "c2", "function": {"name": "time", "arguments": '{"zone": 1e3}'}},
        ],
    },
    {"role": "tool", "name": "weather", "tool_call_id": "c1", "content": '{"t": 21.5}'},
    {"role": "tool", "name": "time", "tool_call_id": "c2", "content": "noon"},
    {"role": "assistant", "content": "21.5 degrees."},
    {"role": "user", "content": "Thanks"},
]
THOUGHTS = [
    {"role": "user", "content": "2+2?"},
    {"role": "assistant", "content": "<think>\neasy\n</think>\n\n4"},
    {"role": "user", "content": "Sure?"},
    {"role": "assistant", "content": "Yes.", "reasoning_content": "\nIt is.\n"},
    {"role": "user", "content": "And 3?", "reasoning": None},
]

# Layouts: name, template, chats, and what else is given.
LAYOUTS = {
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
    # The system's text goes into the first message of the user; roles alternate.
    "instructions": """
{%- if messages[0]['role'] == 'system' -%}
  {%- set system = messages[0]['content'] -%}{%- set turns = messages[1:] -%}
{%- else -%}
  {%- set system = false -%}{%- set turns = messages -%}
{%- endif -%}
{%- for m in turns -%}
  {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}
    {{- raise_exception('roles must alternate, ' ~ loop.index0) -}}
  {%- endif -%}
  {%- if loop.index0 == 0 and system != false -%}
    {%- set content = '<<S>>\\n' + system.strip() + '\\n<</S>>\\n\\n' + m['content'] -%}
  {%- else -%}
    {%- set content = m['content'] -%}
  {%- endif -%}
  {%- if m['role'] == 'user' -%}{{- bos_token + '[I] ' + content.strip() + ' [/I]' -}}
  {%- elif m['role'] == 'assistant' -%}{{- ' ' + content.strip() + ' ' + eos_token -}}{%- endif -%}
{%- endfor -%}
""",
    # Headers, with dates and tools.
    "headers": """
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}{%- set date_string = "26 Jul 2000" %}{%- endif %}
{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<h>system</h>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools: ipython\\n" }}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" + system_message + "<e>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<h>' + message['role'] + '</h>\\n\\n'+ message['content'] | trim + '<e>' }}
    {%- elif 'tool_calls' in message %}
        {%- if message.tool_calls|length > 2 %}{{- raise_exception("too many calls") }}{%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<h>assistant</h>\\n\\n{"name": "' + call.name + '", "parameters": ' }}{{- call.arguments | tojson }}{{- "}<e>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}
        {%- else %}{{- message.content }}{%- endif %}{{- "<e>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<h>assistant</h>\\n\\n' }}{%- endif %}
""",
    # Thinking: what comes before `</think>` is cut from all answers but those after the last question.
    "thinking": """
{%- if tools %}{{- '<s>system\\n# Tools' }}{%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}{{- "\\n<e>\\n" }}{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<s>' + message.role + '\\n' + content + '<e>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}{%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index or (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<s>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}{{- '<s>' + message.role + '\\n' + content }}{%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
                {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
                {{- '<c>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
                {{- '}\\n</c>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<e>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<s>user' }}{%- endif %}
        {{- '\\n<r>\\n' + content + '\\n</r>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<e>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<s>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
""",
    # Contents of parts; a prefix for the first of the user.
    "parts": """
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}{%- set prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}{%- set prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}{%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}{%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'assistant') -%}{%- set role = "model" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}
    {{ '<t>' + role + '\\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}{{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}{{ '<image>' }}
            {%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}{{ raise_exception("Invalid content type") }}{%- endif -%}
    {{ '</t>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<t>model\\n'}}{%- endif -%}
""",
    # The last message of the user takes the tools; calls have numbers.
    "numbers": """
{%- set user_messages = messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[T] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}{%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}{%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/T]" }}
        {%- endif %}
        {{- "[I] " + message["content"] + "[/I]" }}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[C] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}{{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 2 %}{{- raise_exception("ids of 2 characters!") }}{%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}{%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}{{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] in ["tool_results", "tool"] %}
        {%- if message.content is defined and message.content.content is defined %}{%- set content = message.content.content %}
        {%- else %}{%- set content = message.content %}{%- endif %}
        {{- '[R] {"content": ' + content|string + ", " }}{{- '"id": "' + message.tool_call_id + '"}[/R]' }}
    {%- endif %}
{%- endfor %}
""",
    # Documents, dictionaries with a default, and macros that go through schemas.
    "schemas": """
{%- macro type_of(schema, depth=0) -%}
  {%- if schema.type is string -%}{{ schema.type }}
  {%- elif schema.type is sequence -%}{{ schema.type | join(' | ') }}
  {%- else -%}any{%- endif -%}
  {%- if schema.properties is defined and schema.properties | length > 0 -%}
    {
    {%- for name, inner in schema.properties.items() -%}
      {{ '\\n' + '  ' * (depth + 1) + name }}{{ '' if name in schema.required else '?' }}: {{ type_of(inner, depth + 1) }}{{ ',' if not loop.last }}
    {%- endfor -%}
    {{ '\\n' + '  ' * depth }}}
  {%- endif -%}
{%- endmacro -%}
{%- for tool in tools or [] -%}
  {%- set f = tool.function -%}
  {{ f.name }}({{ type_of(f.parameters) }}) // {{ f.description | default('no text', true) }}
  {%- if not loop.last %}

  {% endif -%}
{%- endfor -%}
{%- if documents %}

{% for d in documents %}
Document {{ loop.index }}{% for k, v in d | dictsort %}
 {{ k | title }}={{ v }}{% endfor %}

{% endfor %}{% endif %}
{%- for m in messages -%}{% generation %}{{ m.role[0] | upper }}:{{ m.content | default('-') }};{% endgeneration %}{%- endfor -%}
""",
    "chain": "{%- for m in messages -%}{%- if m.role == 'system' -%}{%- continue -%}{%- endif -%}"
    "{%- if loop.index > 3 -%}{%- break -%}{%- endif -%}"
    "{{ '<|' ~ m.role ~ '|>\n' ~ m.content ~ eos_token ~ '\n' }}{%- endfor -%}"
    "{{ '<|assistant|>\n' if add_generation_prompt else eos_token }}",
}

# Constructs: one chat is enough.
CONSTRUCTS = {
    "namespaces": "{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% if m.role != ns.last %}"
    "{% set ns.n = ns.n + 1 %}{% set ns.last = m.role %}{% endif %}{% set x = loop.index %}"
    "{% endfor %}{{ ns.n ~ ' turns, ' ~ ns.last }}{{ x is defined }}{{ y is not defined }}"
    "{% set n2 = namespace({'a': 1}, b=2) %}{{ n2.a + n2.b }}{{ n2['b'] }}{{ n2.c is defined }}",
    "operators": "{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}{{ 2 + 3 * 4 - 1 }}{{ 2 ** 3 ** 2 }}{{ -2 ** 2 }}"
    "{{ not true or 1 == 1 and 2 < 1 }}{{ 7 / 2 }}{{ 4 / 2 }}{{ 2 ** -1 }}{{ 7.5 // 2 }}{{ -7.5 % 2 }}"
    "{{ 'a' in 'cat' }}{{ 'x' not in ['x', 'y'] }}{{ 'role' in messages[0] }}{{ messages | length }}"
    "{{ 'yes' if messages[9] else 'no' }}{{ 'b' if false }}|{{ none }}{{ True }}{{ messages[-1].content }}"
    "{{ messages[0].missing }}{{ messages[0].missing | default('d') }}{{ '' or 'fallback' }}{{ 'a' and 'b' }}"
    "{{ 'a' ~ 1 ~ none ~ 1.5 }}{{ 1 == true }}{{ '1' == 1 }}{{ 'a' < 'b' }}{{ (1 + 2) * 3 }}{{ [1, 2][1] }}"
    "{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}{{ 1 < 2 == 2 != 3 in [3] }}{{ 'ab' * 3 }}{{ 2 * [1, 'x'] }}{{ [1] + [2] }}{{ (1,) + (2, 3) }}"
    "{{ +3 }}{{ - 3 }}{{ --3 }}{{ 1_000 + 0x1F + 0b11 + 0o17 }}{{ 1e3 }}{{ 1.5e-7 }}{{ true + 1 }}{{ 'a' 'b' }}"
    "{{ [1, 2] == [1, 2] }}{{ {'a': 1} == {'a': 1.0} }}{{ [1, 2] < [1, 3] }}{{ none == false }}{{ tools == none }}",
    "numbers printed": "{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 123456789012345.6 }} {{ 1e15 }} {{ 1e22 }} {{ 0.0001 }} {{ 0.00001 }} {{ 5e-324 }} "
    "{{ 1.0 }} {{ -0.0 }} {{ 100 / 3 }} {{ 1e308 * 10 }} {{ 2 ** 0.5 }} {{ 2 ** 62 }} {{ 9007199254740993 }} {{ 9007199254740993.0 }} {{ 1.0 == 1 }}",
    "choices": "{{ 1 if true else 2 if false else 3 }}{{ (1 if false) is defined }}{{ 'x' if none.b is defined else 'y' if a is defined }}"
    "{% set a = 'p' if messages else 'q' %}{{ a }}{{ [1 if false else 2, 3] }}{{ 'a' if 0 else 'b' if 1 }}",
    "lists": "{{ [1, 'a', \"it's\", none, true, 1.5, [], {}, ('x',), (), '\\n\\t\\\\\\x01\\u200b\\u00e9\\U0001F600'] }}"
    "{{ {'a': 1, 2: 'b', none: [1], 1.5: true} }}{{ (1, 2) }}{{ 1, 2 }}{{ [] }}{{ {} }}{{ ['a', 'b',] }}{{ {'k': 1,}['k'] }}"
    "{{ [1, 2, 3][::-1] }}{{ 'abc'[::-1] }}{{ 'abcdef'[1:-1:2] }}{{ [1, 2, 3][5:] }}{{ [1, 2, 3][-2:] }}{{ [1, 2, 3][:none] }}{{ (1, 2, 3)[1:] }}"
    "{{ 'abc'[5] }}|{{ [1][7] is defined }}{{ 'h\u00e9llo\U0001f600'[-1] }}{{ 'abc'[3:0:-1] }}{{ [0, 1, 2, 3][-1:-3:-1] }}{{ messages[0]['role'] }}{{ [[1, 2], [3]][0][1] }}{{ [5, 6].0 }}",
    "dictionaries": "{% set d = {'b': 1, 'items': 2, 'a': {'c': [3]}} %}{{ d['items'] }}{{ d.a.c[0] }}{{ d.get('x', 'no') }}{{ d.get('b') }}{{ d.get('x') }}"
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{{ d.keys() | list }}{{ d.values() | list }}{{ 'b' in d }}{{ d | length }}"
    "{% for k in d %}{{ k }}{% endfor %}{% for k, v in d | items %}{{ loop.index }}{{ k }}{% endfor %}{{ d | dictsort }}"
    "{{ {'B': 2, 'a': 1} | dictsort }}{{ {'B': 2, 'a': 1} | dictsort(true) }}{{ {'x': 2, 'y': 1} | dictsort(false, 'value') }}{{ {'x': 2, 'y': 1} | dictsort(reverse=true) }}"
    "{{ dict(a=1, b='c') }}{{ dict({'a': 1}, b=2) }}{{ dict([('x', 1)]) }}{{ d.items() | list }}{{ d.items() | length }}{{ d.missing is defined }}{{ d | list }}"
    "{{ dict(d, b=9).b }}{{ {1: 'a'}[1.0] }}{{ {True: 'b'}[1] }}{{ (undefined_thing | items | list) }}",
    "loops": "{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}"
    "{{ loop.previtem }}{{ loop.nextitem }}{{ loop.previtem is defined }}{{ loop.cycle('o', 'e') }}{{ loop.depth }}{{ loop.changed(x // 2) }};{% endfor %}"
    "{% for x in [] %}a{% else %}none{% endfor %}{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ x }}/{{ loop.length }}{% if not loop.last %},{% endif %}{% else %}z{% endfor %}"
    "{% for x in [1] if x > 1 %}a{% else %}filtered{% endfor %}{% for a, b in [[1, 2], (3, 4)] %}{{ a + b }}{% endfor %}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}"
    "{% for c in 'h\u00e9' %}<{{ c }}>{% endfor %}{% for x in range(3) %}{{ x }}{% endfor %}{% for x in range(5, 0, -2) %}{{ x }}{% endfor %}"
    "{% for x in undefined_thing %}a{% else %}nothing{% endfor %}{% for x in 1, 2 %}{{ x }}{% endfor %}{% for x in (messages | map(attribute='role')) %}{{ x }}{{ loop.last }}{% endfor %}"
    "{% for x in [1, 2, 3] %}{% for y in 'ab' %}{{ x }}{{ y }}{{ loop.depth0 }}{% if loop.last %}.{% endif %}{% endfor %}{% endfor %}",
    "loop controls": "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}"
    "{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }}{% endfor %},{% endfor %}{% for x in [1] %}{% break %}{% else %}no{% endfor %}"
    "{% for x in [1, 2] %}{% with y = x %}{% if y == 1 %}{% continue %}{% endif %}{{ y }}{% endwith %}{% endfor %}"
    "{% for x in [1, 2, 3] %}{% set t %}a{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endset %}{{ t }}{% filter upper %}b{% if x == 3 %}{% break %}{% endif %}{% endfilter %}{% endfor %}"
    "{% for x in [1, 2] %}{% continue %}{% else %}all left{% endfor %}{% for x in [1, 2] %}{% if x == 2 %}{% break %}{% endif %}{% else %}one done{% endfor %}",
    "scopes": "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + 10 %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 2 %}{% endif %}{{ x }}"
    "{% if false %}{% set never = 1 %}{% endif %}{{ never is defined }}{% for x in [7] %}{{ x }}{% endfor %}{{ x }}{% with x = 5, y = x %}{{ x }}{{ y }}{% endwith %}{{ x }}"
    "{% set a, b = 1, [2] %}{{ a }}{{ b }}{% set (c, d) = 'xy' %}{{ c }}{{ d }}{% set t = 1, 2 %}{{ t }}{% set messages = messages[:1] %}{{ messages | length }}"
    "{% generation %}{% set inner = 1 %}{{ inner }}{% endgeneration %}{{ inner is defined }}",
    "captures": "{% set x %}a{{ 1 + 1 }}\n b{% endset %}[{{ x }}]{% set y | upper | trim %} abc {% endset %}[{{ y }}]{{ x is string }}{% filter upper %}q{{ 'w' }}{% set z = 1 %}{% endfilter %}"
    "{% filter replace('a', 'b') | trim %} aXa {% endfilter %}{{ z is defined }}{% set ns = namespace() %}{% set ns.v %}in{% endset %}{{ ns.v }}",
    "macros": "{% macro f(a, b='B', c=a) %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 2) }}{{ f(1, c=3) }}{{ f(b=1, a=2) }}{{ f() }}{{ f(1) | upper }}{{ f.name }}"
    "{% macro g(n) %}{% if n > 0 %}{{ n }}{{ g(n - 1) }}{% endif %}{% endmacro %}{{ g(4) }}{% macro outer() %}<{{ caller() }}>{% endmacro %}{% call outer() %}in{{ messages | length }}{% endcall %}"
    "{% macro each(l) %}{% for x in l %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(x, i) each(['p', 'q']) %}{{ i }}{{ x }}{% endcall %}"
    "{% set v = 1 %}{% macro h() %}{{ v }}{% set v2 = 5 %}{% endmacro %}{% set v = 2 %}{{ h() }}{{ v2 is defined }}{{ f is defined }}{{ f is callable }}{% macro s() %}  x  {% endmacro %}[{{ s() | trim }}]"
    "{% for m in messages[:1] %}{% macro inner() %}{{ m.role }}{% endmacro %}{{ inner() }}{% endfor %}{% macro tidy(x) -%}\n  {{ x }}\n{%- endmacro %}{{ tidy('t') ~ '!' }}",
    "space": "a  {%- if true -%}  b  {%- endif %}  c\n  {% if true %}\n  d\n  {% endif %}\n\n  e {{- ' f ' -}}  g\n"
    "   {# c #}\n h\t{% if true %} i {% endif %} \n\n  {%+ if true %}j{% endif %}\n {%- set x = 1 %} k \n\n",
    "more space": "x\n  {%- raw %}\n {{ a }} {% if %} {# #}\n  {% endraw %}\n y\n{% raw -%}   {{ b }}   {%- endraw -%}   z{# a -#}   w {#- b #}\n"
    "{% if true +%}\nkept{% endif %}\n  {#+ c +#}\nq\n {{+ 1 }}{{ '}}' }}{{ '%}' }}{{ {'a': {'b': 1}}['a'] }}{{ (1 -1) }}{{ [1\n,2] }}{%- if true -%}\n\n\n-{%- endif -%}\n\n",
    "carriage": "a\r\n{% if true %}\r\nb\r{% endif %}\r\n{{ 'c\r\nd' | length }}\r\n",
    "quotes": """{{ 'it\\'s' ~ "a \\"b\\"\\n" ~ 'tab\\t\\\\' }}{{ '{{' }}{{ "%}" }}{{ '\\x41\\u00e9\\U0001F600\\101\\a\\q\\
x' }}{{ "a
b" }}""",
    "strings": "{{ ' a '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'abcab'.rstrip('ba') }}|{{ 'Hi'.startswith('H') }}{{ 'Hi'.startswith(('x', 'H')) }}{{ 'Hi'.endswith('H') }}{{ 'Hi'.startswith('i', 1) }}"
    "{{ 'a,b,,c'.split(',') }}{{ ' a  b '.split() }}{{ 'a b c'.split(' ', 1) }}{{ 'a b c'.split(maxsplit=1) }}{{ 'a-b-c'.rsplit('-', 1) }}{{ ' a  b c '.rsplit(none, 1) }}{{ ''.split() }}{{ ''.split(',') }}{{ 'aXXbXXc'.split('XX') }}"
    "{{ 'aaa'.replace('a', 'b', 2) }}{{ 'ab'.replace('', '-') }}{{ 'ab'.replace('', '-', 2) }}{{ 'abc'.upper() }}{{ 'ABC'.lower() }}{{ \"hello world it's\".title() }}{{ 'hELLO wORLD'.capitalize() }}{{ 'abcb'.find('b') }}{{ 'abcb'.rfind('b') }}{{ 'abc'.find('z') }}{{ 'abc'.find('b', 2) }}"
    "{{ 'banana'.count('an') }}{{ 'banana'.index('n') }}{{ '-'.join(['a', 'b']) }}{{ ', '.join(messages | map(attribute='role')) }}{{ '{} {}'.format('a', 1) }}{{ '{1}{0}{x}{{}}'.format('a', 'b', x=none) }}"
    "{{ 'a\\nb\\r\\nc'.splitlines() }}{{ 'a\\nb\\n'.splitlines(true) }}{{ 'a=b=c'.partition('=') }}{{ 'a=b=c'.rpartition('=') }}{{ 'abc'.partition('x') }}{{ 'prefix-x'.removeprefix('prefix-') }}{{ 'x.txt'.removesuffix('.txt') }}"
    "{{ '7'.zfill(3) }}{{ '-7'.zfill(4) }}{{ 'ab'.ljust(4) }}|{{ 'ab'.rjust(4, '*') }}{{ 'ab'.center(5, '*') }}{{ 'a'.center(4, '*') }}{{ '12'.isdigit() }}{{ '\u00bd'.isnumeric() }}{{ 'a1'.isalnum() }}{{ 'ab'.isalpha() }}{{ ' '.isspace() }}{{ 'AB'.isupper() }}{{ 'aB'.islower() }}{{ '\u00b2'.isdigit() }}{{ '\u00b2'.isdecimal() }}"
    "{{ 'a-b_c'.swapcase() }}{{ 'ABC'.casefold() }}{{ '%s and %d, %5.2f|%-4s|%04d %r %%' % ('a', 3.7, 2.345, 'x', 42, 'q') }}{{ '%s' % 'only' }}{{ '%x' % 255 }}",
    "unicode": "{{ '\u03a3\u03a4\u039f\u03a3 \u039f\u03a3'.lower() }}{{ 'stra\u00dfe \u01c6'.upper() }}{{ '\u01c6x \u00dfa'.title() }}{{ '\u01c6X'.capitalize() }}{{ '\u0130' | lower | length }}{{ '\u00a0a\u2003\u001fb\u3000'.strip() | length }}"
    "{{ 'e\u0301' | length }}{{ '\U0001f468\u200d\U0001f469' | length }}{{ 'e\u0301' == '\u00e9' }}{{ '\u00e9' in 'e\u0301' }}{{ 'e\u0301x'.find('x') }}{{ '\U0001f468\u200d\U0001f469'[0] }}{{ 'e\u0301'.startswith('e') }}{{ 'a\u0301b'.split('a') }}{{ 'a\u0301' | reverse }}{{ '\r\n' | length }}{{ 'a\r\nb'.split('\n') }}{{ '\U0001f1eb\U0001f1f7'.replace('\U0001f1eb', 'F') }}",
    "text filters": "{{ ' a ' | trim }}|{{ 'xax' | trim('x') }}{{ 'abc' | upper }}{{ 'ABC' | lower }}{{ 'hello wORLD-foo (bar) [x]' | title }}{{ 'hELLO' | capitalize }}{{ 'a b' | replace(' ', '_') }}{{ 'aaa' | replace('a', 'b', 1) }}{{ 5 | replace(5, 6) }}"
    "{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ', first=true) }}|{{ 'ab' | center(6) }}|{{ 'x y z' | wordcount }}{{ 'abcdefghij' | truncate(5, true, '..', 0) }}{{ 'aaa bbb ccc ddd' | truncate(9, leeway=0) }}{{ 'short' | truncate }}"
    "{{ 5 | string ~ 'x' }}{{ none | string }}{{ [1] | string | length }}{{ '<a href=\"x\">&\\'' | e }}{{ '<' | escape | escape }}{{ '<' | e | forceescape }}{{ '<b>' | safe }}{{ ('<' | e) + '<' }}{{ ('<' | safe) ~ '<' }}{{ '%s-%s' | format('a', 2) }}{{ 5 | upper }}{{ none | trim }}{{ undefined_thing | upper }}|{{ true | lower }}{{ 'abc' | reverse }}{{ 'abc' | first }}{{ 'abc' | last }}{{ 'abc' | list }}",
    "sequence filters": "{{ [3, 1, 2] | sort }}{{ ['b', 'A', 'a'] | sort }}{{ ['b', 'A', 'a'] | sort(case_sensitive=true) }}{{ [3, 1, 2] | sort(reverse=true) }}{{ messages | sort(attribute='role') | map(attribute='role') | join(',') }}{{ [{'a': 1, 'b': 2}, {'a': 1, 'b': 1}] | sort(attribute='a,b') }}{{ [(2, 'x'), (1, 'y')] | sort(attribute=0) }}"
    "{{ [1, 2, 1, '1', 'A', 'a'] | unique | list }}{{ messages | map(attribute='role') | unique | join('+') }}{{ [3, 1, 2] | min }}{{ [3, 1, 2] | max }}{{ ['b', 'A'] | min }}{{ [] | max is defined }}{{ messages | max(attribute='role') }}{{ [1, 2.5] | sum }}{{ [{'p': 2}, {'p': 3}] | sum(attribute='p') }}{{ [[1], [2]] | sum(start=[]) }}{{ [] | sum }}"
    "{{ [1, 2, 3] | first }}{{ [1, 2, 3] | last }}{{ [] | first is defined }}{{ [1, 2] | reverse | list }}{{ (1, 2) | list }}{{ {'a': 1} | list }}{{ [1, 2, 3] | length }}{{ 'abc' | count }}{{ [1, none, 'x'] | join('-') }}{{ [1, 2] | join }}{{ messages | join(', ', attribute='role') }}{{ 'abc' | join('.') }}"
    "{{ ['1', 'x', '2.7'] | map('int') | list }}{{ ['a', 'b'] | map('upper') | join }}{{ [' a '] | map('trim') | list }}{{ ['ab'] | map('replace', 'a', 'c') | list }}{{ [{'a': {'b': 1}}, {'a': {}}] | map(attribute='a.b', default='none') | list }}{{ [[1, 2], [3, 4]] | map(attribute=1) | list }}{{ [[1, 2]] | map('first') | list }}{{ [1, 2, 3, 4] | batch(3) | list }}{{ [1, 2, 3, 4] | batch(3, 0) | list }}"
    "{{ [1, 2, 3] | select('odd') | list }}{{ [1, 2, 3] | reject('odd') | list }}{{ [0, 1, ''] | select | list }}{{ [1, 5] | select('>', 2) | list }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ messages | rejectattr('role', 'in', ['user', 'system']) | map(attribute='content') | list }}{{ [{'a': 1}, {}] | selectattr('a') | list }}{{ [{'a': 1}, {}] | selectattr('a', 'defined') | list }}{{ [{'a': none}] | selectattr('a', 'none') | list | length }}{{ messages | selectattr('role', '==', 'user') | first }}",
    "number filters": "{{ '42' | int }}{{ '42.9' | int }}{{ 'x' | int }}{{ 'x' | int(7) }}{{ ' 1_0 ' | int }}{{ '0x1f' | int(base=16) }}{{ '11' | int(0, 2) }}{{ 3.9 | int }}{{ -3.9 | int }}{{ true | int }}{{ none | int }}{{ '1e3' | int }}{{ '1.5' | float }}{{ 'x' | float }}{{ 'x' | float(2.5) }}{{ 3 | float }}{{ 'inf' | float }}"
    "{{ -3 | abs }}{{ (-3) | abs }}{{ (-3.5) | abs }}{{ 2.5 | round }}{{ 3.5 | round }}{{ 2.675 | round(2) }}{{ 42 | round }}{{ 42.55 | round(1, 'floor') }}{{ 42.51 | round(1, 'ceil') }}{{ 2.5 | round | int }}{{ 1.005 | round(2) }}{{ 0.5 | round(method='ceil') }}{{ -0.4 | round }}",
    "json": "{{ messages | tojson }}{{ tools | tojson }}{{ {'a': [1, 2.5, none, true, '\u00e9\\n\\t\\\"\\\\/\\x08\\x0c\\x01\\x7f<>&\\''], 'b': {}, 'c': []} | tojson }}{{ {'a': [1, {'b': 2}], 'c': []} | tojson(indent=2) }}{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}{{ {'a': [1, 2]} | tojson(separators=(',', ':')) }}{{ {'a': [1, 2]} | tojson(separators=(',', ':'), indent=1) }}"
    "{{ '\u00e9\U0001f600' | tojson(ensure_ascii=true) }}{{ (1, 2) | tojson }}{{ 1e16 | tojson }}{{ {1: 2, true: 3, none: 4, 1.5: 5} | tojson }}{{ 'x' | tojson | length }}{{ [] | tojson(indent=4) }}{{ [[]] | tojson(indent='--') }}{{ 0.1 | tojson }}{{ 'a' | tojson }}{{ none | tojson }}{{ [1] | tojson(indent=0) }}{{ 1e400 | tojson }}",
    "tests": "{{ 1 is defined }}{{ x is defined }}{{ x is undefined }}{{ none is none }}{{ 'a' is string }}{{ 1 is string }}{{ {} is mapping }}{{ [] is mapping }}{{ [] is iterable }}{{ 'a' is iterable }}{{ 1 is iterable }}{{ {} is iterable }}{{ none is iterable }}{{ x is iterable }}{{ [] is sequence }}{{ 'a' is sequence }}{{ {} is sequence }}{{ 1 is sequence }}{{ (1, 2) is sequence }}"
    "{{ 1 is number }}{{ 1.5 is number }}{{ true is number }}{{ '1' is number }}{{ 1 is integer }}{{ true is integer }}{{ 1.0 is float }}{{ 1 is float }}{{ true is boolean }}{{ 1 is boolean }}{{ true is true }}{{ 1 is true }}{{ false is false }}{{ none is false }}{{ 3 is odd }}{{ 3 is even }}{{ 4 is divisibleby 2 }}{{ 4 is divisibleby(3) }}{{ 1 is eq 1 }}{{ 1 is equalto(1) }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 2 is greaterthan 1 }}{{ 1 is in [1] }}{{ 'a' is in 'abc' }}"
    "{{ 'ab' is lower }}{{ 'AB' is upper }}{{ 1 is not none }}{{ none is not none }}{{ not x is defined }}{{ x is not defined and 1 is defined }}{{ messages is sequence }}{{ messages[0] is mapping and 'role' in messages[0] }}{{ none is sameas none }}{{ true is sameas 1 }}{{ range is callable }}{{ 'a' is callable }}{{ 'upper' is filter }}{{ ('a' | e) is escaped }}{{ loop is defined }}{{ messages | length is odd }}{{ 'x' is string | upper }}{{ -1 is number }}"
    "{{ [1, 2] | map('string') is iterable }}{{ {}.items() is sequence }}{{ {'a': 1}.items() is iterable }}{{ range(2) is sequence }}{{ 1 is == 1 }}"[
        : -len("{{ 1 is == 1 }}")
    ],
    "undefined": "{{ x }}{{ x | default('a') }}{{ x | d('b') }}{{ x | default }}|{{ '' | default('c') }}|{{ '' | default('c', true) }}{{ none | default('d') }}{{ none | default('e', boolean=true) }}{{ x == y }}{{ x == none }}{{ x | length }}{{ x | list }}{{ x | join }}{{ x ~ 'a' }}{{ not x }}{{ x or 'f' }}{{ 'a' in x }}{{ x | first }}{{ messages[0].nope is defined }}{{ messages[0]['nope'] | default('g') }}{{ none.foo }}{{ none['foo'] }}{{ 'a'.foo is defined }}{{ 'a'.__class__ }}{{ messages[0]._x is defined }}{{ 5 .foo is defined }}{{ [x] | length }}{{ x if x else 'h' }}{{ [x] }}{{ messages[99] is defined }}{{ x | trim }}|{{ x | map('upper') | list }}{{ x | sort }}{{ x | sum }}{{ x | reverse | list }}",
    "iterators": "{% set m = [1, 2, 3] | map('string') %}{{ m | first }}{{ m | join }}{{ m | list }}{{ m is sequence }}{% set s = [1, 2] | select('odd') %}{{ 1 in s }}{{ 1 in s }}{{ 'yes' if [] | select else 'no' }}{% for x in [3, 4] | reverse %}{{ x }}{% endfor %}{{ [1, 2, 3] | select('odd') | map('string') | join('+') }}{{ [[1, 2], [3]] | map('length') | sum }}{{ ([1] | map('string')) == ['1'] }}",
    "ranges": "{{ range(3) | list }}{{ range(1, 4) | list }}{{ range(10, 0, -3) | list }}{{ range(3) | length }}{{ range(3)[1] }}{{ 2 in range(3) }}{{ range(0) | list }}{{ range(5) | sum }}{{ range(3) | join(',') }}{{ range(3) | last }}{{ range(-2) | length }}{{ range(3) == [0, 1, 2] }}{{ range(3) | reverse | list }}",
    "time": "{{ strftime_now('%d %B %Y') }}{{ strftime_now('%Y-%m-%d') }}{{ strftime_now('%A, %-d %b') }}{{ strftime_now('100%%') }}{{ strftime_now is defined }}{{ strftime_now(format='%Y') }}",
    "tokens": "{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token }}{{ image_token is defined }}{{ bos_token + eos_token }}{{ add_generation_prompt }}{{ tools is none }}{{ documents is none }}{{ tools | default('x') }}",
    "reasoning": "{% for m in messages %}{{ m.keys() | list }}{{ m.reasoning_content }}{{ m.thinking }}{% endfor %}",
    "branches": "{% if messages | length > 3 and messages[0].role == 'system' %}a{% elif messages | length > 2 %}b{% elif x %}c{% else %}d{% endif %}{% if x %}{% else %}e{% endif %}{% if not x %}f{% endif %}{% if [] or {} or '' or 0 or 0.0 or none %}g{% endif %}{% if (1, ) %}h{% endif %}{% if 1, 2 %}i{% endif %}",
    "dotted": "{{ messages[0]['role'][0] }}{{ messages.0.role }}{{ {'a.b': 1}['a.b'] }}{{ {'a': {'b': {'c': 'd'}}}.a.b.c.upper().lower() }}{{ ('a' ~ 'b').upper() }}{{ 'a'.upper()[0].lower() }}{{ [1, 2].count(1) }}{{ [1, 2].index(2) }}{{ (1, 1).count(1) }}{{ messages | map(attribute='role') | list | last | upper }}{{ {'get': 1}.get('get') }}{{ {'a': 1}.copy() }}",
    "filter precedence": "{{ 'a' ~ 'b' | upper }}{{ ('a' ~ 'b') | upper }}{{ -1 | abs }}{{ 1 + 2 | string | length }}{{ 'A' | lower ~ 'B' | lower }}{{ not 'a' | length == 1 }}{{ 'a,b' | replace(',', ';') | upper }}{{ 2 * 3 | string }}{{ [1, 2] | first + 1 }}{{ 'x' | upper if true else 'y' | upper }}{{ 'a' in 'abc' | upper }}{{ messages | length - 1 }}{{ (messages | length) - 1 == 3 and true }}",
}

# Templates that raise.
ERRORS = {
    "refuses": "{% if messages[0].role == 'system' %}{{ raise_exception('no system!') }}{% endif %}",
    "member of undefined": "{{ x.y }}",
    "item of undefined": "{{ messages[0].a.b['c'] }}",
    "call of undefined": "{{ x() }}",
    "method that is none": "{{ 'a'.nope() }}",
    "text plus number": "{{ 'a' + 1 }}",
    "list plus text": "{{ [1] + 'a' }}",
    "none plus text": "{{ none + 'a' }}",
    "undefined plus text": "{{ x + 'a' }}",
    "comparison": "{{ 'a' < 1 }}",
    "division": "{{ 1 // 0 }}",
    "remainder": "{{ 1 % 0 }}",
    "loop over a number": "{% for x in 5 %}{% endfor %}",
    "loop over none": "{% for x in none %}{% endfor %}",
    "unpacking": "{% for a, b in [[1, 2, 3]] %}{% endfor %}",
    "length of a number": "{{ 5 | length }}",
    "length of an iterator": "{{ [1] | map('string') | length }}",
    "json of undefined": "{{ x | tojson }}",
    "json of an iterator": "{{ [1] | map('string') | tojson }}",
    "append": "{% set l = [] %}{{ l.append(1) }}",
    "update": "{{ {}.update({'a': 1}) }}",
    "namespace underscore": "{{ namespace(_a=1) }}",
    "namespace member": "{% set x = {} %}{% set x.a = 1 %}",
    "macro arguments": "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}",
    "macro names": "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}",
    "macro twice": "{% macro f(a) %}{% endmacro %}{{ f(1, a=2) }}",
    "caller": "{% macro f() %}{% endmacro %}{% call f() %}{% endcall %}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "range": "{{ range(1000000000) | list }}",
    "unclosed if": "{% if true %}",
    "unclosed for": "{% for x in y %}",
    "stray end": "{% endif %}",
    "crossed": "{% if true %}{% for x in [] %}{% endif %}{% endfor %}",
    "unclosed tag": "{{ a",
    "unclosed text": "{{ 'a }}",
    "unclosed comment": "{# a",
    "unclosed raw": "{% raw %} {{ a }}",
    "unknown statement": "{% frobnicate %}",
    "do": "{% do x %}",
    "two values": "{{ a b }}",
    "no value": "{{ }}",
    "bracket": "{{ (1 }}",
    "wrong bracket": "{{ (1] }}",
    "break outside": "{% break %}",
    "break in macro": "{% for x in [1] %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}",
    "keyword set": "{% set true = 1 %}",
    "index": "{{ 'abc'.index('z') }}",
    "format": "{{ '{} {}'.format(1) }}",
    "join of numbers": "{{ ','.join([1, 2]) }}",
    "join of none": "{{ none | join }}",
    "sort of kinds": "{{ [1, 'a'] | sort }}",
    "unhashable": "{{ {[1]: 2} }}",
    "sum of texts": "{{ ['a', 'b'] | sum }}",
    "positional after named": "{% macro f(a, b) %}{% endmacro %}{{ f(a=1, 2) }}",
    "split at nothing": "{{ 'a'.split('') }}",
    "percent": "{{ '%d' % 'a' }}",
    "too few": "{{ '%s %s' % ('a',) }}",
    "slice of a dictionary": "{{ {'a': 1}[1:].x }}",
    "slice by 0": "{{ [1, 2][::0] }}",
    "upper arguments": "{{ 'a' | upper(1) }}",
    "last of an iterator": "{{ [1] | map('string') | last }}",
    "bad escape": "{{ '\\x4' }}",
}

GIVEN = {
    "turns": [{}],
    "lines": [{}],
    "headers": [{}, {"tools": TOOLS}, {"messages": CALLS, "tools": TOOLS[1:]}, {"date_string": "1 Jan 1999"}],
    "thinking": [
        {},
        {"messages": THOUGHTS},
        {"messages": THOUGHTS[:4]},
        {"messages": THOUGHTS, "enable_thinking": False},
        {"messages": CALLS, "tools": TOOLS},
        {"messages": CALLS, "enable_thinking": True},
    ],
    "parts": [{}, {"messages": PARTS}, {"messages": [{"role": "user", "content": 5}]}],
    "numbers": [{}, {"messages": CALLS}, {"messages": CALLS, "tools": TOOLS}],
    "schemas": [
        {},
        {"tools": TOOLS, "documents": [{"title": "A", "text": "b c"}, {"text": "é", "title": "<D>"}]},
        {"messages": CALLS, "tools": TOOLS},
    ],
    "instructions": [{}, {"messages": TURNS[1:]}, {"messages": []}],
    "chain": [{}],
    "reasoning": [
        {"messages": THOUGHTS},
        {"messages": [{"role": "assistant", "thinking": "a", "reasoning": "b", "content": None}]},
    ],
}


def cases():
    for name, template in LAYOUTS.items():
        for given in GIVEN[name]:
            chats = [given["messages"]] if "messages" in given else [CHAT, TURNS]
            for chat in chats:
                for prompt in (False, True):
                    yield name, template, {**given, "messages": chat, "add_generation_prompt": prompt}
    for name, template in {**CONSTRUCTS, **ERRORS}.items():
        for given in GIVEN.get(name, [{}]):
            extra = {"tools": TOOLS} if name == "json" else {}
            yield name, template, {"messages": CHAT, "add_generation_prompt": False, **extra, **given}
