import ActFormats
import Testing
import Workbench

extension MutationKind {
  /// The vocabularies of GGUF files, imported, and what comes of it compiled and run.
  static let vocabularies = SmallGGUF.Vocabulary.allCases.dropFirst().map { vocabulary in
    MutationKind(name: "gguf \(vocabulary)") { attempt in
      let whole = SmallGGUF.make(inner: 64, vocabulary: vocabulary)
      let length = SmallGGUF.headerLength(inner: 64, vocabulary: vocabulary)
      let damaged = attempt.mutator.pointee.bytes(whole, headerLength: length)
      let path = try attempt.directory.write(damaged, to: "x.gguf")
      let model = attempt.file("imported")
      guard try attempt.run(.actc, ["import", path, "-o", model]) == 0 else { return }
      defer { TemporaryDirectory.remove(model) }
      let plan = attempt.file("x.plan")
      if try attempt.run(.actc, ["compile", model, "-o", plan]) == 0 {
        _ = try attempt.run(.actrun, ["generate", plan, "-p", "ab \u{E9}<m>", "-n", "2", "--threads", "1"])
      }
    }
  }

  /// Chat templates that use everything, over chats with members of all kinds.
  static let chatTemplates = MutationKind(name: "chat_template") { workshop, directory in
    _ = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    try directory.write(chat + "\n", to: "chat.jsonl")
  } run: { attempt in
    let whole = templates[attempt.mutator.pointee.next(0..<templates.count)]
    let damaged = String(decoding: attempt.mutator.pointee.text(whole), as: UTF8.self)
    let config: JSON = .object([
      "bos_token": .string("a"), "eos_token": .string("b"), "chat_template": .string(damaged),
    ])
    try attempt.directory.write(config.description, to: "model/tokenizer_config.json")
    let chat = attempt.file("chat.jsonl")
    _ = try attempt.run(
      .actc,
      [
        "fit", attempt.file("model"), "--source", chat, "--target", chat, "--sites", "model.norm", "--method",
        "mean-act", "--threads", "1", "-o", attempt.file("x.maps.safetensors"),
      ])
  }

  private static let chat =
    #"{"messages":[{"role":"system","content":"ab"},{"role":"user","content":[{"type":"text","text":"a"},"#
    + #"{"type":"image"}]},{"role":"assistant","content":"bc","n":1.5,"calls":[{"name":"f","arguments":{"x":[1]}}]}]}"#

  private static let templates = [
    """
    {%- set ns = namespace(n=0, last='') %}{% for m in messages if m.role != 'tool' %}
    {%- set ns.n = ns.n + loop.index0 %}{{- '<' ~ m['role'] | trim ~ '>' -}}
    {%- if m.content is string %}{{ m.content | upper }}{% elif m.content is iterable %}
    {%- for p in m.content %}{{ p.text | default('-') if p.type == 'text' else p | tojson(indent=2) }}{% endfor %}
    {%- else %}{{ raise_exception('what is this?') }}{% endif %}
    {%- if loop.last and add_generation_prompt %}{{ '<assistant>' }}{% endif %}{% endfor %}{{ ns.n // 2 }}
    """,
    """
    {% macro show(x, depth=0) -%}{% if x is mapping %}{% for k, v in x.items() %}{{ k }}={{ show(v, depth + 1) }};
    {%- endfor %}{% elif x is string %}{{ x.strip().split('a')[::-1] | join('|') }}{% else %}{{ x }}{% endif %}
    {%- endmacro -%}
    {% for m in messages %}{% generation %}{{ show(m) }}{% endgeneration %}{% if loop.index > 40 %}{% break %}{% endif %}
    {%- endfor %}{{ strftime_now('%Y')[0:2] ~ (range(3) | list) }}{% raw %}{{ x }}{% endraw %}
    """,
    """
    {{ messages | selectattr('role', 'in', ['user', 'assistant']) | map(attribute='role') | unique | list | sort }}
    {%- set text %}{{ bos_token * 3 }}{% endset %}{% filter replace('a', 'bb') | indent(2, true) %}{{ text }}
    x{% endfilter %}{% with y = 2 ** 3 %}{{ '%s-%5.1f' | format(y, y / 3) }}{{ y is even and not none }}{% endwith %}
    {%- for m in messages | reverse %}{{ loop.cycle('a', 'b') }}{{ m | dictsort | first | last | string | length }}{% else %}n{% endfor %}
    """,
  ]
}
