import ActIR

/// Evaluates arithmetic on scalar constants, and drops arithmetic that changes nothing.
///
///     %c = mul (constant 2), (constant 3)  =>  constant 6
///     %y = add %x, (constant 0)            =>  %x
///     %y = reshape %x {site = "up:in"}     =>  %x, where the types are one
///     %y = join_rows (part_rows %x), (part_rows %x)  =>  %x
///
/// Tensors known at compile time are not computed here: lowering gives them to the compile-time program.
public let foldConstants = GraphPass("fold-constants", rules: [foldScalars, dropIdentities])

private let foldScalars = RewriteRule("fold-scalars") { id, graph in
  let node = graph[id]
  guard case .binary(let function) = node.op, case .constant(let a) = graph[node.inputs[0]].op,
    case .constant(let b) = graph[node.inputs[1]].op
  else { return nil }
  let value: Float? =
    switch function {
    case .add: a + b
    case .sub: a - b
    case .mul: a * b
    case .div: a / b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    case .atan2, .lt, .le, .gt, .ge, .eq, .and, .or: nil
    }
  // What has no finite value is left to say so when it runs.
  guard let value, value.isFinite else { return nil }
  return graph.append(.constant(value), name: node.name, site: node.site)
}

private let dropIdentities = RewriteRule("drop-identities") { id, graph in
  let node = graph[id]
  func isConstant(_ index: Int, _ value: Float) -> Bool { graph[node.inputs[index]].op == .constant(value) }
  var same: ValueID?
  switch node.op {
  case .binary(.add):
    same = isConstant(0, 0) ? node.inputs[1] : isConstant(1, 0) ? node.inputs[0] : nil
  case .binary(.sub): same = isConstant(1, 0) ? node.inputs[0] : nil
  case .binary(.mul):
    same = isConstant(0, 1) ? node.inputs[1] : isConstant(1, 1) ? node.inputs[0] : nil
  case .binary(.div): same = isConstant(1, 1) ? node.inputs[0] : nil
  case .affine: same = isConstant(1, 1) && isConstant(2, 0) ? node.inputs[0] : nil
  case .cast: same = node.inputs[0]
  case .reshape: same = node.inputs[0]
  case .concat where node.inputs.count == 1: same = node.inputs[0]
  case .joinRows:
    // The types say which parts they are.
    let wholes = node.inputs.map { part in
      if case .partRows = graph[part].op { graph[part].inputs[0] } else { part }
    }
    same = wholes[0] == wholes[1] ? wholes[0] : nil
  default: break
  }
  // A node that repeats a smaller operand over rows is not the same as that operand.
  guard let same, graph.type(same) == node.type,
    node.site == nil || graph[same].site == nil || graph.isSiteView(id)
  else { return nil }
  if let site = node.site {
    // An input's line has no place for a site.
    if case .input = graph[same].op { return nil }
    // A value has one name: as what a module reads, or gives on, it goes by what it is the output of.
    if graph[same].site == nil { graph.setSite(same, site) }
  }
  return same
}
