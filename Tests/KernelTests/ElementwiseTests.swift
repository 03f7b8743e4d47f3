import ActKernels
import Glibc
import Testing

@Suite struct ElementwiseTests {
  /// The expression over `rows` rows of `columns` elements with one dense input each.
  private func evaluate(
    _ level: Level, _ expression: act_expr, _ inputs: [[Float]], rows: Int = 1, workers: Int = 1
  ) -> [Float] {
    let count = inputs.first?.count ?? rows
    let guarded = inputs.map { Guarded($0) }
    let out = Guarded<Float>(repeating: -7, count: count)
    let args = act_elementwise_args(
      out: out.pointer, out_row_stride: count / rows, rows: Int32(rows), columns: Int32(count / rows),
      slots: nil, rows_per_slot: 1, expr: expression,
      inputs: act_operands(guarded.map { .rows($0.pointer, width: count / rows) }))
    call(level.kernels.elementwise, args, keeping: guarded + [out], workers: workers)
    return out.array
  }

  private struct Function: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let op: act_expr_op
    let bound: Double
    let range: ClosedRange<Float>
    let reference: @Sendable (Double) -> Double

    init(
      _ name: String, _ op: act_expr_op, ulps: Double, _ range: ClosedRange<Float>,
      _ reference: @escaping @Sendable (Double) -> Double
    ) {
      (testDescription, self.op, bound, self.range, self.reference) = (name, op, ulps, range, reference)
    }
  }

  private static let functions = [
    Function("exp", ACT_EXPR_EXP, ulps: 2, -105...89) { exp($0) },
    Function("log", ACT_EXPR_LOG, ulps: 2, 0...1000) { log($0) },
    Function("log near 1", ACT_EXPR_LOG, ulps: 2, 0.5...2) { log($0) },
    Function("sqrt", ACT_EXPR_SQRT, ulps: 0.5, 0...1e6) { sqrt($0) },
    Function("rsqrt", ACT_EXPR_RSQRT, ulps: 1.5, 1e-6...1e6) { 1 / sqrt($0) },
    Function("tanh", ACT_EXPR_TANH, ulps: 3, -10...10) { tanh($0) },
    Function("sigmoid", ACT_EXPR_SIGMOID, ulps: 4, -87...87) { 1 / (1 + exp(-$0)) },
    Function("silu", ACT_EXPR_SILU, ulps: 4, -80...80) { $0 / (1 + exp(-$0)) },
    Function("gelu", ACT_EXPR_GELU, ulps: 5, -1...10) { 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) },
    // exp(-x^2 / 2) magnifies the rounding of x^2 / 2.
    Function("gelu, left tail", ACT_EXPR_GELU, ulps: 64, -10 ... -1) {
      0.5 * $0 * erfc(-$0 * 0.5.squareRoot())
    },
    // As does exp(-2 u).
    Function("gelu_tanh", ACT_EXPR_GELU_TANH, ulps: 24, -4...10) {
      0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
    Function("sin", ACT_EXPR_SIN, ulps: 1, -1e5...1e5) { sin($0) },
    Function("cos", ACT_EXPR_COS, ulps: 1, -1e5...1e5) { cos($0) },
    Function("neg", ACT_EXPR_NEG, ulps: 0, -5...5) { -$0 },
    Function("abs", ACT_EXPR_ABS, ulps: 0, -5...5) { abs($0) },
  ]

  @Test(arguments: functions, Level.all)
  private func functionIsAccurate(function: Function, level: Level) {
    let steps = 20_000
    let width = function.range.upperBound - function.range.lowerBound
    let x = (0...steps).map { function.range.lowerBound + width * Float($0) / Float(steps) }
    let y = evaluate(level, act_expr(inputs: 1, [Instruction(function.op, 0)]), [x])
    var worst = (error: 0.0, at: Float(0))
    for (x, y) in zip(x, y) {
      let error = ulps(y, function.reference(Double(x)))
      if error > worst.error { worst = (error, x) }
    }
    // Without FMA a polynomial rounds twice as often.
    #expect(
      worst.error <= function.bound * (["portable", "amx-emulated"].contains(level.name) ? 1.5 : 1),
      "at \(worst.at)")
  }

  /// Points of all directions and of any two magnitudes.
  @Test(arguments: Level.all)
  func anglesAreAccurate(level: Level) {
    var noise = Noise(3)
    let count = 20_000
    let (y, x) = (noise.floats(count, -4...4), noise.floats(count, -4...4))
    let scaled = y.enumerated().map { $1 * Float(sign: .plus, exponent: $0 % 61 - 30, significand: 1) }
    let angles = evaluate(level, act_expr(inputs: 2, [Instruction(ACT_EXPR_ATAN2, 0, 1)]), [scaled, x])
    for (index, angle) in angles.enumerated() {
      #expect(ulps(angle, atan2(Double(scaled[index]), Double(x[index]))) <= 2)
    }
  }

  @Test(arguments: Level.all)
  func anglesAtTheEdges(level: Level) {
    let atan = act_expr(inputs: 2, [Instruction(ACT_EXPR_ATAN2, 0, 1)])
    let y: [Float] = [0, 0, 1, -1, 0, -0.0, .infinity, 1, 1]
    let x: [Float] = [0, 1, 0, 0, -1, -1, 1, .infinity, -.infinity]
    let half = Float(Double.pi / 2)
    let pi = Float(Double.pi)
    #expect(evaluate(level, atan, [y, x]) == [0, 0, half, -half, pi, -pi, half, 0, pi])
  }

  @Test(arguments: Level.all)
  func functionsAtTheEdges(level: Level) {
    func apply(_ op: act_expr_op, _ x: Float) -> Float {
      evaluate(level, act_expr(inputs: 1, [Instruction(op, 0)]), [[x]])[0]
    }
    #expect(apply(ACT_EXPR_EXP, 0) == 1)
    #expect(apply(ACT_EXPR_EXP, -.infinity) == 0)
    #expect(apply(ACT_EXPR_EXP, .infinity) == .infinity)
    #expect(apply(ACT_EXPR_EXP, 88.8) == .infinity)
    #expect(apply(ACT_EXPR_EXP, 88.7).isFinite)
    #expect(apply(ACT_EXPR_EXP, -103) == .leastNonzeroMagnitude)
    #expect(apply(ACT_EXPR_LOG, 0) == -.infinity)
    #expect(apply(ACT_EXPR_LOG, 1) == 0)
    #expect(apply(ACT_EXPR_LOG, .infinity) == .infinity)
    #expect(apply(ACT_EXPR_LOG, -1).isNaN)
    let subnormal = Float(bitPattern: 714)
    #expect(ulps(apply(ACT_EXPR_LOG, subnormal), log(Double(subnormal))) <= 2)
    #expect(apply(ACT_EXPR_TANH, 100) == 1)
    #expect(apply(ACT_EXPR_TANH, -.infinity) == -1)
    #expect(apply(ACT_EXPR_TANH, -0.0).sign == .minus)
    #expect(apply(ACT_EXPR_SIGMOID, -1000) == 0)
    #expect(apply(ACT_EXPR_SIGMOID, 1000) == 1)
    #expect(apply(ACT_EXPR_SILU, 1e30) == 1e30)
    #expect(apply(ACT_EXPR_GELU, 1e30) == 1e30)
    #expect(apply(ACT_EXPR_GELU, -1e30) == 0)
    #expect(apply(ACT_EXPR_GELU_TANH, 1e30) == 1e30)
    #expect(apply(ACT_EXPR_GELU_TANH, -1e30) == 0)
    let leaky = act_expr(inputs: 1, [Instruction(ACT_EXPR_LEAKY_RELU, 0, immediate: 0.25)])
    #expect(evaluate(level, leaky, [[-4, 4, 0, -.infinity, 1e-30]]) == [-1, 4, 0, -.infinity, 1e-30])
    for op in ACT_EXPR_NEG.rawValue..<ACT_EXPR_OP_COUNT.rawValue {
      #expect(apply(act_expr_op(op), .nan).isNaN, "op \(op)")
    }
    #expect(
      evaluate(
        level, act_expr(inputs: 2, [Instruction(ACT_EXPR_EQ, 0, 1)]),
        [[0, .nan, .infinity, 1], [-0.0, .nan, .infinity, 1.0000001]]) == [1, 0, 1, 0])
    #expect(
      evaluate(level, act_expr(inputs: 1, [Instruction(ACT_EXPR_NOT, 0)]), [[0, -0.0, 1, .nan, -3]]) == [
        1, 1, 0, 0, 0,
      ])
    for op in [ACT_EXPR_ADD, ACT_EXPR_MUL, ACT_EXPR_DIV, ACT_EXPR_ATAN2, ACT_EXPR_MIN, ACT_EXPR_MAX] {
      for pair: [[Float]] in [[[.nan], [1]], [[1], [.nan]]] {
        #expect(evaluate(level, act_expr(inputs: 2, [Instruction(op, 0, 1)]), pair)[0].isNaN)
      }
    }
  }

  @Test(arguments: Level.all)
  func valueDoesNotDependOnItsPlace(level: Level) {
    var noise = Noise(5)
    for op in ACT_EXPR_EXP.rawValue..<ACT_EXPR_OP_COUNT.rawValue {
      let expression = act_expr(inputs: 1, [Instruction(act_expr_op(op), 0)])
      let x = noise.floats(70, 0.1...4)
      let whole = bits(evaluate(level, expression, [x]))
      for first in 0..<20 {
        for count in [1, 2, 15, 16, 17, 50] {
          let part = evaluate(level, expression, [Array(x[first..<first + count])])
          #expect(bits(part) == Array(whole[first..<first + count]))
        }
      }
    }
  }

  /// Random programs of exact operations against the same program in scalar Swift, bit for bit: nothing is contracted
  /// and no result is overwritten before its last reader.
  @Test(arguments: Level.all)
  func programsEqualScalarPrograms(level: Level) {
    let ops = [
      ACT_EXPR_CONSTANT, ACT_EXPR_ADD, ACT_EXPR_SUB, ACT_EXPR_MUL, ACT_EXPR_DIV, ACT_EXPR_MIN, ACT_EXPR_MAX,
      ACT_EXPR_LT, ACT_EXPR_LE, ACT_EXPR_GT, ACT_EXPR_GE, ACT_EXPR_EQ, ACT_EXPR_AND, ACT_EXPR_OR,
      ACT_EXPR_NOT, ACT_EXPR_SELECT,
      ACT_EXPR_NEG, ACT_EXPR_ABS,
    ]
    var noise = Noise(11)
    for round in 0..<60 {
      let inputs = 1 + round % 5
      let columns = [1, 5, 16, 31, 515, 1100][round % 6]
      let program = (0..<(round % 49)).map { i in
        Instruction(
          ops.randomElement(using: &noise)!, .random(in: 0..<inputs + i, using: &noise),
          .random(in: 0..<inputs + i, using: &noise), .random(in: 0..<inputs + i, using: &noise),
          immediate: .random(in: -2...2, using: &noise))
      }
      let data = (0..<inputs).map { _ in noise.floats(2 * columns) }
      let actual = evaluate(
        level, act_expr(inputs: inputs, program), data, rows: 2, workers: 1 + round % 4)
      let expected = (0..<2 * columns).map { i in
        var values = data.map { $0[i] }
        for step in program { values.append(apply(step, values)) }
        return program.isEmpty ? values[0] : values[values.count - 1]
      }
      let same = zip(actual, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
      #expect(same, "program \(round)")
    }
  }

  private func apply(_ step: Instruction, _ values: [Float]) -> Float {
    let (a, b, c) = (values[Int(step.a)], values[Int(step.b)], values[Int(step.c)])
    func truth(_ condition: Bool) -> Float { condition ? 1 : 0 }
    switch act_expr_op(UInt32(step.op)) {
    case ACT_EXPR_CONSTANT: return step.immediate
    case ACT_EXPR_ADD: return a + b
    case ACT_EXPR_SUB: return a - b
    case ACT_EXPR_MUL: return a * b
    case ACT_EXPR_DIV: return a / b
    case ACT_EXPR_MIN: return a.isNaN || a < b ? a : b
    case ACT_EXPR_MAX: return a.isNaN || a > b ? a : b
    case ACT_EXPR_LT: return truth(a < b)
    case ACT_EXPR_LE: return truth(a <= b)
    case ACT_EXPR_GT: return truth(a > b)
    case ACT_EXPR_GE: return truth(a >= b)
    case ACT_EXPR_EQ: return truth(a == b)
    case ACT_EXPR_AND: return truth(a != 0 && b != 0)
    case ACT_EXPR_OR: return truth(a != 0 || b != 0)
    case ACT_EXPR_NOT: return truth(a == 0)
    case ACT_EXPR_SELECT: return a != 0 ? b : c
    case ACT_EXPR_NEG: return -a
    case ACT_EXPR_ABS: return abs(a)
    default: preconditionFailure("not an exact operation")
    }
  }

  /// x * strength[slot] + shift[slot, column] + number[row] + 1, in place, rows further apart than they are wide.
  @Test(arguments: Level.all, [1, 3, 16, 33, 600])
  func operandsByRowSlotAndColumn(level: Level, columns: Int) {
    let rows = 7
    let pitch = columns + 5
    var noise = Noise(columns)
    let x = noise.floats((rows - 1) * pitch + columns)
    let strengths = Guarded(noise.floats(3))
    let shifts = Guarded(noise.floats(3 * columns))
    let numbers = Guarded(noise.floats(rows))
    let slots = Guarded<Int32>([2, 0, 1, 1, 2, 0, 0])
    let out = Guarded(x)
    let expression = act_expr(
      inputs: 4,
      [
        Instruction(ACT_EXPR_MUL, 0, 1), Instruction(ACT_EXPR_ADD, 4, 2), Instruction(ACT_EXPR_ADD, 5, 3),
        Instruction(ACT_EXPR_CONSTANT, immediate: 1), Instruction(ACT_EXPR_ADD, 6, 7),
      ])
    let args = act_elementwise_args(
      out: out.pointer, out_row_stride: pitch, rows: Int32(rows), columns: Int32(columns),
      slots: slots.pointer, rows_per_slot: 1, expr: expression,
      inputs: act_operands([
        .rows(out.pointer, width: pitch),
        act_operand(strengths.pointer, row: 0, slot: 1, column: 0),
        .slots(shifts.pointer, width: columns), .column(numbers.pointer),
      ]))
    call(level.kernels.elementwise, args, keeping: [out, strengths, shifts, numbers, slots], workers: 3)
    var expected = x
    for row in 0..<rows {
      let slot = Int(slots.pointer[row])
      for column in 0..<columns {
        let product = x[row * pitch + column] * strengths.pointer[slot]
        expected[row * pitch + column] =
          product + shifts.pointer[slot * columns + column] + numbers.pointer[row] + 1
      }
    }
    #expect(bits(out.array) == bits(expected))
  }

  @Test(arguments: Level.all)
  func constantAndBroadcastResultsFillTheRow(level: Level) {
    let constant = act_expr(inputs: 0, [Instruction(ACT_EXPR_CONSTANT, immediate: 2.5)])
    let out = Guarded<Float>(repeating: 0, count: 19)
    let args = act_elementwise_args(
      out: out.pointer, out_row_stride: 19, rows: 1, columns: 19, slots: nil, rows_per_slot: 1,
      expr: constant,
      inputs: act_operands())
    call(level.kernels.elementwise, args, keeping: [out])
    #expect(out.array == [Float](repeating: 2.5, count: 19))
  }
}
