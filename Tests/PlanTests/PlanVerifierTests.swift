import ActIR
import ActPlan
import Testing

@Suite struct PlanVerifierTests {
  @Test func acceptsTheSmallPlan() throws { try Plan(parsing: smallPlan).verify() }

  @Test(arguments: [
    // Sizes
    ("limit T = 4", "limit T = 1048577", "limit T: expected 1 to 1048576, found 1048577"),
    ("limit R = 2", "limit B = 2", "%logit_rows = input: expected sizes of known symbols"),
    ("limit R = 2", "limit Q = 2", "limit Q: expected a limit of B, P, R, S, T, found Q"),
    ("context = 16", "context = 0", "context: expected 1 to 16777216, found 0"),
    ("context = 16", "context = 16777217", "context: expected 1 to 16777216"),
    ("arena = 512", "arena = 1099511627777", "arena: expected at most 1099511627776 bytes"),
    ("slot = 160", "slot = 9223372036854775807", "slot: expected at most 1099511627776 bytes"),
    ("bound = 512", "bound = 448", "bound: expected 512, found 448"),
    ("limit T = 4", "limit T = 8", "%q = linear: expected bytes inside the arena's 512"),
    // Constants
    ("bf16[16,8]", "i32[16,8]", "%w = weight: expected a weight of numbers or masks, of fixed size"),
    ("{name = \"g\"} : f32[8]", "{name = \"g\"} : bool[8]", "%s = mul: expected operand 0 of f32"),
    ("f32[8,8]", "f32[T,8]", "%k = weight: expected a weight of numbers or masks, of fixed size"),
    ("f32[8,8]", "f32[8,16777217]", "%k = weight: expected at most 8 dimensions of at most 16777216"),
    ("f32[8,8]", "f32[8,1,1,1,1,1,1,1,8]", "%k = weight: expected at most 8 dimensions"),
    (
      "%k = weight {name = \"k\"} : f32[8,8]", "%k = dial {name = \"k\"} : f32[]",
      "%k = dial: expected a weight of numbers or masks"
    ),
    // Inputs
    ("{name = \"positions\"", "{name = \"tokens\"", "%positions = input: expected an input of its own name"),
    ("role = position", "role = token", "%tokens = input: expected one input as token, found several"),
    (
      "role = token} : i32[T]", "role = token} : i32[R]",
      "%tokens = input: expected i32[T] as token, found i32[R]"
    ),
    ("i32[R]", "i32[T]", "%logit_rows = input: expected i32[R] as chosen, found i32[T]"),
    // Set-time values
    ("@slot+128", "@slot+192", "%n = add: expected a value inside the slot's 160 bytes"),
    ("@slot+128", "@slot+64", "%n = add: expected bytes of its own, found those of %s"),
    ("@slot+128", "@slot+100", "%n = add: expected a value inside the slot"),
    ("@slot+128", "@slot+9223372036854775744", "%n = add: expected a value inside the slot"),
    ("@slot+128", "@arena+0", "%n = add: expected rows of fixed sizes in the step"),
    ("@slot+128", "@result", "%n = add: expected rows of fixed sizes in the step"),
    (
      "%m = dial {name = \"m\"} : f32[]", "%m = constant {value = 1.0} : f32[]",
      "%m = constant: expected a value inside the slot"
    ),
    (
      "%s = mul %g, %m : f32[8] @slot+64", "%s = dial {name = \"m\"} : f32[] @slot+64",
      "set: expected dials with names of their own"
    ),
    // Operands and types
    (
      "f32[T,16] @arena+128", "f32[T,17] @arena+128",
      "%q = linear: expected a result of f32[T,16], found f32[T,17]"
    ),
    (
      "slice %q {start = 8, count = 8}", "slice %q {start = 9, count = 8}",
      "%b = slice: expected columns 9 ..< 9 + 8 inside x"
    ),
    (
      "%t = rope_table %positions", "%t = rope_table %logit_rows",
      "%t = rope_table: expected a result of f32[R,4], found f32[T,4]"
    ),
    (
      "take_rows %y, %logit_rows : f32[R,8]", "take_rows %y, %tokens : f32[T,8]",
      "%z = take_rows: expected rows that token inputs choose from, found %y: f32[T,8]"
    ),
    (
      "take_rows %y, %logit_rows", "take_rows %e, %logit_rows",
      "%z = take_rows: expected rows that chosen inputs choose from, found %e: f32[10,8]"
    ),
    (
      "{width = 4, base = 10000.0} : f32[T,4]", "{width = 8194, base = 10000.0} : f32[T,8194]",
      "%t = rope_table: expected a width of at most 4096"
    ),
    ("cache = 0", "cache = 1", "kv_append: expected caches 0, 1, 2, … once each, found 1"),
    ("@cache", "@arena+0", "%v = kv_append: expected @cache, found another place"),
    ("f32[R,10] @result", "f32[R,10] @cache", "%logits = linear: expected keys and values of rows T"),
    (
      "{scale = 0.5}", "{scale = 0.5, visible = all}",
      "%c = attention: expected causal attention of rows T over a cache"
    ),
    (
      "kv_append %b, %b", "kv_append %h, %g",
      "%v = kv_append: expected k and v [T,2·4], found f32[T,8], f32[8]"
    ),
    ("attention %r, %v", "attention %r, %b", "%c = attention: expected q [T,H·W] and keys and values"),
    ("body = \"add $0, $1\"", "body = \"\(String(repeating: "add $0, $1; ", count: 3))add $0, $1\"", "line"),
    // A mask is no number, and a number no mask.
    (
      "body = \"add $0, $1\"", "body = \"select $1, $0, $0\"",
      "%x = linear_epilogue: expected t0 to read masks as its condition and numbers else"
    ),
    (
      "%h {body = \"add $0, $1\"}", "%h, %w {body = \"t0 = add $0, $1; add t0, $2\"}",
      "%x = linear_epilogue: expected operand 3 of f32"
    ),
    // Places
    ("@arena+128\n    %a", "@arena+64\n    %a", "%q = linear: expected bytes of its own, found those of %h"),
    ("@arena+128\n    %a", "@arena+160\n    %a", "%q = linear: expected bytes inside the arena's 512"),
    ("@arena+128\n    %a", "@arena+320\n    %a", "%q = linear: expected bytes inside the arena's 512"),
    (
      "@arena+128\n    %a", "@arena+9223372036854775744\n    %a",
      "%q = linear: expected bytes inside the arena's 512"
    ),
    (
      "@arena+128\n    %a", "@over+0\n    %a",
      "%q = linear: expected an operand that it can overwrite, found operand 0"
    ),
    (
      "@arena+128\n    %a", "@view\n    %a",
      "%q = linear: expected a slice or another shape of a step's value"
    ),
    ("@arena+128\n    %a", "@slot+0\n    %a", "%q = linear: expected a value inside the slot"),
    (
      "@arena+128\n    %a", "@result\n    %a",
      "%q = linear: expected a result, found a value that is not returned"
    ),
    (
      "count = 8} : f32[T,8] @view\n    %t", "count = 8} : f32[T,8] @arena+0\n    %t",
      "%b = slice: expected bytes of its own"
    ),
    (
      "@over+2", "@over+1", "%x = linear_epilogue: expected an operand that it can overwrite, found operand 1"
    ),
    (
      "@over+2", "@over+9223372036854775807",
      "%x = linear_epilogue: expected an operand that it can overwrite"
    ),
    ("@over+2", "@arena+64", "%x = linear_epilogue: expected bytes of its own"),
    // The table would be gone, were it written over by the rope; so would b, and h, which the epilogue reads.
    (
      "rope %a, %t {head_width = 4} : f32[T,8] @over+0", "rope %a, %t {head_width = 4} : f32[T,8] @over+1",
      "%r = rope: expected an operand that it can overwrite"
    ),
    (
      "rope %a, %t", "rope %b, %t",
      "%r = rope: expected an operand in the arena that nothing reads later, found %b"
    ),
    (
      "%y = rms_norm %x, %n {eps = 1e-05} : f32[T,8] @over+0\n    %z = take_rows %y",
      "%y = rms_norm %x, %n {eps = 1e-05} : f32[T,8] @over+0\n    %z = take_rows %x",
      "%y = rms_norm: expected an operand in the arena that nothing reads later, found %x"
    ),
    (
      "linear_epilogue %c, %k, %h", "linear_epilogue %h, %k, %h",
      "%x = linear_epilogue: expected an operand in the arena that nothing reads later, found %h"
    ),
    (
      "%z = take_rows %y, %logit_rows : f32[R,8] @arena+128",
      "%z = take_rows %y, %logit_rows : f32[R,8] @arena+64",
      "%z = take_rows: expected bytes of its own, found those of %h"
    ),
    // Results
    ("f32[R,10] @result", "f32[R,10] @arena+256", "%logits = linear: expected @result for what is returned"),
    (
      "return %logits", "return logits = %z",
      "%logits = linear: expected a result, found a value that is not returned"
    ),
    ("return %logits", "return logits = %g", "expected"),
    ("return %logits", "return %logits, %logits", "return: expected results with names of their own"),
  ])
  func rejects(piece: String, replacement: String, problem: String) throws {
    do {
      try smallPlan(piece, replacement).verify()
      Issue.record("accepted")
    } catch let error as PlanError {
      #expect(error.description.contains(problem), "\(error)")
    } catch let error as ParseError {
      #expect(error.description.contains(problem), "\(error)")
    }
  }

  private func plan(withInput input: String) throws -> Plan {
    let last = "%logit_rows = input {name = \"logit_rows\", role = chosen} : i32[R]"
    return try smallPlan(last, "\(last)\n    \(input)")
  }

  /// What a part of a model reads from the part before it.
  @Test(arguments: ["f32[T,8]", "f32[R,8]", "f32[T,2,4]", "i32[T]", "i32[R]"])
  func acceptsInputsByName(type: String) throws {
    try plan(withInput: "%f = input {name = \"f\"} : \(type)").verify()
  }

  @Test(arguments: [
    "%f = input {name = \"f\"} : f32[S,8]", "%f = input {name = \"f\"} : f32[T]",
    "%f = input {name = \"f\"} : f32[4,8]", "%f = input {name = \"f\"} : i32[T,2]",
    "%f = input {name = \"f\"} : f32[T,T]", "%f = input {name = \"f\"} : i32[S]",
    "%f = input {name = \"f\"} : bf16[T,8]", "%f = input {name = \"g\"} : f32[T,8]",
    "%f = input {name = \"f\"} : f32[T,16777217]",
  ])
  func rejectsOtherInputs(input: String) throws {
    let error = #expect(throws: PlanError.self) { try plan(withInput: input).verify() }
    #expect(error?.value == "%f = input")
  }

  /// The engine knows where rows `T` and those of entries stand, and has room for as many entries as the plan says.
  @Test(arguments: [("T,8", "T", ""), ("T,2,8", "T,2", "  limit B = 2\n"), ("R,8", "R", "  limit B = 2\n")])
  func rejectsPackedKeysOfOtherRows(rows: String, leading: String, limit: String) throws {
    var text =
      "plan @p {\n  limit T = 4\n  limit R = 4\n\(limit)  context = 4\n  arena = 65536, bound = 0\n  slot = 0\n"
    text +=
      "  constants {\n  }\n  call {\n    %k = input {name = \"k\"} : f32[\(rows)]\n  }\n  set {\n  }\n  step {\n"
    text += "    %kv = kv_pack %k, %k : kvf32[\(leading),2,4] @arena+0\n"
    text +=
      "    %y = attention %k, %kv {scale = 1.0, visible = all} : f32[\(rows)] @result\n  }\n  return %y\n}\n"
    let error = #expect(throws: PlanError.self) { try Plan(parsing: text).verify() }
    #expect(
      error?.expected == "rows of entries, and a limit B",
      "\(String(describing: error))")
  }

  /// A read of the second row of logits would take a row that nobody wrote.
  @Test func rejectsTakingRowsTwice() throws {
    let plan = try smallPlan(
      "%logits = linear %z, %e",
      "%z2 = take_rows %z, %logit_rows : f32[R,8] @arena+256\n    %logits = linear %z2, %e")
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.expected == "rows that chosen inputs choose from")
  }

  /// Not the same value, but columns of it that are read later as another view.
  @Test func rejectsOverwritingWhatALaterViewReads() throws {
    let plan = try smallPlan(
      "%v = kv_append %b, %b",
      "%d = slice %q {start = 4, count = 8} : f32[T,8] @view\n    %v = kv_append %d, %d")
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.value == "%r = rope")
  }

  @Test func rejectsLaterOperands() throws {
    var plan = try Plan(parsing: smallPlan)
    let index = try #require(plan.values.firstIndex { $0.name == "q" })
    plan.values[index].inputs[0] = index + 1
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.expected == "operands before it")
    plan.values[index].inputs[0] = index
    #expect(throws: PlanError.self) { try plan.verify() }
  }

  /// A body that no text could have, in memory: the kernels' arrays must hold it.
  @Test(arguments: [(17, 16), (2, 49)]) func refusesBodiesBeyondTheKernels(inputs: Int, length: Int) throws {
    var plan = try Plan(parsing: smallPlan)
    let index = try #require(plan.values.firstIndex { $0.name == "x" })
    let first = Expression.Instruction(.binary(.add), [.input(0), .input(1)])
    let others = (1..<length).map { instruction in
      Expression.Instruction(
        .binary(.add), [.instruction(instruction - 1), .input(min(instruction + 1, inputs - 1))])
    }
    plan.values[index].op = .linearEpilogue(Expression(inputCount: inputs, instructions: [first] + others))
    let h = plan.values[index].inputs[2]
    plan.values[index].inputs += Array(repeating: h, count: inputs - 2)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.expected == "at most 16 inputs and 48 instructions")
    #expect(error?.found == "\(inputs) and \(length)")
  }

  /// A program as long as a header holds is refused before anything quadratic looks at it.
  @Test func refusesEndlessPrograms() throws {
    var plan = try Plan(parsing: smallPlan)
    let value = plan.values[plan.step.upperBound - 1]
    plan.values += Array(repeating: value, count: 1 << 15)
    let error = #expect(throws: PlanError.self) { try plan.verify() }
    #expect(error?.expected == "at most 32768")
  }

  @Test func verifiesALongChainInTime() throws {
    var plan = try Plan(parsing: smallPlan)
    // Every value over the one before it, and the logits in the end.
    let y = try #require(plan.values.firstIndex { $0.name == "y" })
    let tail = Array(plan.values[(y + 1)...])
    plan.values.removeLast(tail.count)
    let count = 32_000
    for link in 0..<count {
      plan.values.append(
        .init(
          name: "l\(link)", op: .unary(.neg), inputs: [plan.values.count - 1], type: plan.values[y].type,
          site: nil,
          place: .over(operand: 0)))
    }
    for var value in tail {
      value.inputs = value.inputs.map { $0 >= y ? $0 + count : $0 }
      plan.values.append(value)
    }
    plan.step = plan.step.lowerBound..<plan.values.count
    plan.results[0].value += count
    let time = try ContinuousClock().measure { try plan.verify() }
    #expect(time < .seconds(10))
  }
}
