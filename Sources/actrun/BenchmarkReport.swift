import ActEval
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
      let costs = costs(row)
      return JSON.object([
        "steer": .string(names[row]),
        "prefill_tokens_per_second": .double(Double(prompt) / median(timings[row].prefill)),
        "decode_tokens_per_second": .double(Double(generated) / median(timings[row].decode)),
        "prefill_cost": .double(costs[0].median), "prefill_cost_interval": costs[0].intervalJSON,
        "decode_cost": .double(costs[1].median), "decode_cost_interval": costs[1].intervalJSON,
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
      let costs = row == 0 ? ["", ""] : costs(row).map(\.costText)
      table.rows.append(
        [
          names[row], fixed(Double(prompt) / median(timings[row].prefill), 1),
          fixed(Double(generated) / median(timings[row].decode), 1),
        ] + costs)
    }
    var apart = "sampler \(fixed(median(sampler) * 1e6, 1)) µs a token"
    if let tokenizer { apart += ", tokenizer \(fixed(median(tokenizer) * 1e6, 1)) µs a token" }
    let costs = names.count == 1 ? "" : MedianInterval.costLegend
    let together = sequences == 1 ? "" : ", \(sequences) sequences"
    return table.description + """

      \(threads) threads, \(Engine.instructionSet)\(together), medians of \(timings[0].prefill.count) interleaved runs\(costs)
      loading \(fixed(loading * 1e3, 1)) ms, \(apart), peak memory \
      \(fixed(Double(Benchmark.peakResidentBytes) / 1e6, 0)) MB

      """
  }

  /// Whether the interval of every cost is at most so wide.
  func isResolved(within width: Double) -> Bool {
    names.indices.dropFirst().flatMap(costs).allSatisfy { $0.width <= width }
  }

  /// How much longer a row's prefill and decode take than the unsteered ones.
  private func costs(_ row: Int) -> [MedianInterval] { timings[row].costs(over: timings[0]) }

  private func median(_ values: [Double]) -> Double { MedianInterval(values).median }
}

extension MedianInterval {
  /// A cost as tables have it, in percent, with its interval.
  var costText: String {
    let median = fixed(median * 100, 1) + " %"
    guard let interval else { return median + ", unresolved" }
    let bounds = "[\(fixed(interval.lowerBound * 100, 1)), \(fixed(interval.upperBound * 100, 1))]"
    return "\(median) \(bounds)" + (excludes(0) ? "" : ", unresolved")
  }

  /// The ends of the interval; null where there is none.
  var intervalJSON: JSON {
    interval.map { .array([.double($0.lowerBound), .double($0.upperBound)]) } ?? .null
  }
}
