import ActFormats
import ActIR
import Testing
import Workbench

@Suite struct ExpressionTests {
  @Test(arguments: [
    "neg $0",
    "t0 = sub $0, $1; add t0, $2",
    "t0 = constant 1e-05; t1 = mul $0, t0; t2 = ge t1, $1; select t2, t1, $2",
    "t0 = constant -inf; max $0, t0",
    "t0 = leaky_relu $0 {slope = 0.1}; add t0, $1", "leaky_relu $0 {slope = -2.0}",
  ])
  func parsesWhatItPrints(_ text: String) throws {
    #expect(try Expression(parsing: text, inputCount: 3).description == text)
  }

  @Test func parsesEveryFunction() throws {
    for function in UnaryFunction.prototypes {
      let text = Expression(inputCount: 1, instructions: [.init(.unary(function), [.input(0)])]).description
      #expect(text.hasPrefix("\(function.mnemonic) $0"))
      let body = try Expression(parsing: text, inputCount: 1)
      #expect(body.instructions == [.init(.unary(function), [.input(0)])])
    }
    for function in BinaryFunction.allCases {
      let body = try Expression(parsing: "\(function.rawValue) $0, $1", inputCount: 2)
      #expect(body.instructions == [.init(.binary(function), [.input(0), .input(1)])])
    }
  }

  @Test func inlinesAndMergesEqualInputs() throws {
    let outer = try Expression(parsing: "t0 = mul $0, $1; add t0, $0", inputCount: 2)
    let inner = try Expression(parsing: "t0 = silu $0; sub t0, $1", inputCount: 2)
    let body = outer.inlining(inner, at: 0, outer: ["i", "b"], inner: ["a", "b"])
    #expect(body.keys == ["a", "b"])
    #expect(body.expression.description == "t0 = silu $0; t1 = sub t0, $1; t2 = mul t1, $1; add t2, t1")
  }

  @Test func inlinesTheBareProduct() throws {
    let outer = try Expression(parsing: "add $1, $0", inputCount: 2)
    let product = Expression(inputCount: 1, instructions: [])
    let body = outer.inlining(product, at: 0, outer: ["p", "r"], inner: ["p"], first: ["p"])
    #expect(body.keys == ["p", "r"])
    #expect(body.expression.description == "add $1, $0")
  }

  @Test func makesConstantsPartOfTheBody() throws {
    let body = try Expression(parsing: "t0 = mul $0, $1; add t0, $2", inputCount: 3)
    let distinct = body.withDistinctInputs(["x", "two", "x"]) { $0 == "two" ? 2 : nil }
    #expect(distinct.inputs == ["x"])
    #expect(distinct.expression.description == "t0 = constant 2.0; t1 = mul $0, t0; add t1, $0")
  }

  /// Random pairs of bodies: the inlined one computes what the two compute one after the other.
  @Test(arguments: 0..<100 as Range<UInt64>) func inliningKeepsValues(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let keys = ["a", "b", "c", "d"]
    let values = Dictionary(uniqueKeysWithValues: keys.map { ($0, Float.random(in: -2...2, using: &random)) })
    let innerKeys = Array(keys.shuffled(using: &random).prefix(2))
    let outerKeys = ["inner"] + keys.shuffled(using: &random).prefix(2)
    let at = Int.random(in: 0..<3, using: &random)
    var shuffled = outerKeys
    shuffled.swapAt(0, at)
    let inner = Expression.random(inputCount: 2, using: &random)
    let outer = Expression.random(inputCount: 3, using: &random)
    let body = outer.inlining(inner, at: at, outer: shuffled, inner: innerKeys)

    let innerValue = inner.value(innerKeys.map { values[$0]! })
    let expected = outer.value(shuffled.map { $0 == "inner" ? innerValue : values[$0]! })
    #expect(body.expression.value(body.keys.map { values[$0]! }) == expected)
    #expect(Set(body.keys).count == body.keys.count)
  }
}

extension Expression {
  fileprivate static func random(inputCount: Int, using random: inout SplitMix64) -> Expression {
    var body = Expression(inputCount: inputCount, instructions: [])
    for index in 0..<5 {
      let operands = (0..<2).map { _ in
        let operand = Int.random(in: 0..<inputCount + index, using: &random)
        return operand < inputCount ? Operand.input(operand) : .instruction(operand - inputCount)
      }
      let function = [BinaryFunction.add, .sub, .mul, .max].randomElement(using: &random)!
      body.instructions.append(Instruction(.binary(function), operands))
    }
    return body
  }

  /// What a body of additions, subtractions, products and maxima computes.
  fileprivate func value(_ inputs: [Float]) -> Float {
    var values: [Float] = []
    for instruction in instructions {
      let operands = instruction.operands.map { operand in
        switch operand {
        case .input(let i): inputs[i]
        case .instruction(let i): values[i]
        }
      }
      switch instruction.function {
      case .binary(.add): values.append(operands[0] + operands[1])
      case .binary(.sub): values.append(operands[0] - operands[1])
      case .binary(.mul): values.append(operands[0] * operands[1])
      default: values.append(max(operands[0], operands[1]))
      }
    }
    return values.last ?? inputs[0]
  }
}
