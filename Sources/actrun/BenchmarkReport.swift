import ActFormats
import ActRuntime
import ActTerminal

/// What `actrun bench` found, as Markdown and as JSON. Times are in seconds.
struct BenchmarkReport {
  var plan: String
  var threads, prompt, tokens, sequences: Int
  var names: [String]
  /// A row's each, the unsteered model first.
  var timings: [Benchmark.Timings]
  /// Mapping, checking and binding the plan.
  var loading: Double
  /// By token drawn, and by token encoded.
  var sampler: [Double]
  var tokenizer: [Double]?

  private var generated: Int { tokens * sequences }

  var json: JSON {
    let rows = names.indices.map { row in
      JSON.object([
        "steer": .string(names[row]),
        "prefill_tokens_per_second": .double(Double(prompt) / median(timings[row].prefill)),
        "decode_tokens_per_second": .double(Double(generated) / median(timings[row].decode)),
        "prefill_cost": .double(cost(row, \.prefill)), "decode_cost": .double(cost(row, \.decode)),
        "prefill_seconds": .array(timings[row].prefill.map(JSON.double)),
        "decode_seconds": .array(timings[row].decode.map(JSON.double)),
      ])
    }
    return .object([
      "plan": .string(plan), "threads": .int(threads), "isa": .string(Engine.instructionSet),
      "prompt": .int(prompt), "tokens": .int(tokens), "sequences": .int(sequences),
      "repetitions": .int(timings[0].prefill.count), "rows": .array(rows),
      "load_seconds": .double(loading), "sampler_seconds_per_token": .double(median(sampler)),
      "tokenizer_seconds_per_token": tokenizer.map { .double(median($0)) } ?? .null,
      "peak_resident_bytes": .int(Benchmark.peakResidentBytes),
    ])
  }

  var markdown: String {
    var table = Table([
      "steering", "pp\(prompt) tokens/s", "tg\(tokens) tokens/s", "prefill cost", "decode cost",
    ])
    for row in names.indices {
      func percent(_ cost: Double) -> String { row == 0 ? "" : fixed(cost * 100, 1) + " %" }
      table.rows.append([
        names[row], fixed(Double(prompt) / median(timings[row].prefill), 1),
        fixed(Double(generated) / median(timings[row].decode), 1),
        percent(cost(row, \.prefill)), percent(cost(row, \.decode)),
      ])
    }
    var apart = "sampler \(fixed(median(sampler) * 1e6, 1)) µs a token"
    if let tokenizer { apart += ", tokenizer \(fixed(median(tokenizer) * 1e6, 1)) µs a token" }
    let together = sequences == 1 ? "" : ", \(sequences) sequences"
    return table.description + """

      \(threads) threads, \(Engine.instructionSet)\(together), medians of \(timings[0].prefill.count) interleaved runs
      loading \(fixed(loading * 1e3, 1)) ms, \(apart), peak memory \
      \(fixed(Double(Benchmark.peakResidentBytes) / 1e6, 0)) MB

      """
  }

  /// How much longer a row takes than the unsteered one: the median over paired runs.
  private func cost(_ row: Int, _ phase: KeyPath<Benchmark.Timings, [Double]>) -> Double {
    median(zip(timings[row][keyPath: phase], timings[0][keyPath: phase]).map { $0 / $1 }) - 1
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
