import ActIR
import ActPlan

/// Runs the prompt and the step of a plan on bytes that remember who wrote them, in place of numbers.
///
/// What they may rely on is that every element it reads is the one that its operand's producer wrote. Knows of
/// places what the engine does, and nothing of lifetimes.
struct SymbolicMachine {
  /// An element: of which value that is no view, in which row and column.
  private struct Element: Hashable {
    var value: Int
    var row: Int
    var column: Int
  }

  /// Where rows of a value begin and how far they are apart, in elements. What is kept of the prompt lies after the arena,
  /// and results after that.
  private struct Strip {
    var start: Int
    var stride: Int
  }

  private let plan: Plan
  private var memory: [Element?]
  private var strips: [Strip?]
  /// Of every view the value that it is a view of, and where it begins in it.
  private var sources: [(value: Int, column: Int)]

  init(_ plan: Plan) {
    self.plan = plan
    memory = Array(repeating: nil, count: (plan.arenaByteCount + plan.promptByteCount) / 4)
    strips = Array(repeating: nil, count: plan.values.count)
    sources = plan.values.indices.map { ($0, 0) }
  }

  /// The first value that reads what is not its operand's, or nil where all is well.
  static func firstWrongRead(_ plan: Plan) -> String? {
    var machine = SymbolicMachine(plan)
    return machine.run()
  }

  private mutating func run() -> String? {
    for index in plan.ofCall {
      // Between a prompt and its steps the arena is others'.
      if index == plan.step.lowerBound {
        for address in 0..<plan.arenaByteCount / 4 { memory[address] = nil }
      }
      let value = plan.values[index]
      place(index)
      if value.place == .view { continue }
      let written = elements(of: index)
      for (position, input) in value.inputs.enumerated() where plan.ofCall.contains(input) {
        let read = elements(of: input)
        if read.contains(where: { memory[$0.address] != $0.element }) { return value.name }
        // A kernel that mixes columns or rows must not write where it reads.
        let mixes =
          switch value.op {
          case .linear, .attention, .kvPack, .takeRows, .reduce, .concat, .reshape, .conv, .upsampleNearest,
            .averagePool, .moments, .pixelMean, .choose, .takeChannels, .expertLinear, .weightedSum:
            true
          case .linearEpilogue, .convEpilogue: position == 0
          case .rmsNorm, .rope, .interpolate: position > 0
          default: false
          }
        // Elementwise kernels may write an element where they read the same element, and nowhere else.
        let addresses = Dictionary(uniqueKeysWithValues: read.map { ($0.address, $0.element) })
        for (address, element) in written {
          guard let other = addresses[address] else { continue }
          let start = sources[input].column
          if mixes || other.row != element.row || other.column - start != element.column { return value.name }
        }
      }
      for (address, element) in written { memory[address] = element }
    }
    for result in plan.results
    where elements(of: result.value).contains(where: { memory[$0.address] != $0.element }) {
      return "return"
    }
    return nil
  }

  private mutating func place(_ index: Int) {
    let value = plan.values[index]
    switch value.place {
    case .arena(let offset): strips[index] = Strip(start: offset / 4, stride: width(index))
    case .prompt(let offset):
      strips[index] = Strip(start: (plan.arenaByteCount + offset) / 4, stride: width(index))
    case .result:
      strips[index] = Strip(start: memory.count, stride: width(index))
      memory += Array(repeating: nil, count: width(index) * rows(index))
    case .over(let operand): strips[index] = strips[value.inputs[operand]]
    case .view:
      guard case .slice(let slice) = value.op, var strip = strips[value.inputs[0]] else { return }
      strip.start += slice.start
      strips[index] = strip
      let source = sources[value.inputs[0]]
      sources[index] = (source.value, source.column + slice.start)
    default: break
    }
  }

  private func elements(of index: Int) -> [(address: Int, element: Element)] {
    guard let strip = strips[index] else { return [] }
    let source = sources[index]
    return (0..<rows(index)).flatMap { row in
      (0..<width(index)).map { column in
        (
          strip.start + row * strip.stride + column,
          Element(value: source.value, row: row, column: source.column + column)
        )
      }
    }
  }

  private func width(_ index: Int) -> Int { plan.values[index].type.shape.last?.fixed ?? 0 }

  private func rows(_ index: Int) -> Int {
    guard case .symbol(let symbol)? = plan.values[index].type.shape.first else { return 0 }
    return plan.limit(symbol) ?? 0
  }
}
