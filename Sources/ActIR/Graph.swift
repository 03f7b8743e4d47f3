/// A node's result. Every node has exactly one, so values and nodes share an id.
public struct ValueID: Hashable, Sendable, Comparable {
  /// Its place among all values that the graph has ever had, for tables indexed by value.
  public let index: Int

  package init(index: Int) { self.index = index }

  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// One operation: what it computes, from which values, of which type.
public struct Node: Hashable, Sendable {
  /// What it computes.
  public var op: Op
  /// The operands, in the order that the op defines.
  public var inputs: [ValueID]
  /// The type of the result.
  public var type: TensorType
  /// For printing and messages.
  public var name: String
  /// The activation site whose value this is, under the name that the checkpoint's own framework uses.
  public var site: String?

  /// A node as it stands; the verifier checks that the type follows from the operands.
  public init(_ op: Op, _ inputs: [ValueID], _ type: TensorType, name: String, site: String? = nil) {
    self.op = op
    self.inputs = inputs
    self.type = type
    self.name = name
    self.site = site
  }
}

/// A dataflow graph with value semantics. It owns no tensor data, and passes keep nothing on its nodes.
public struct Graph: Sendable {
  /// A value that the graph returns, by name.
  public struct Result: Hashable, Sendable {
    /// The name by which a caller gets it.
    public var name: String
    /// What is returned.
    public var value: ValueID
  }

  /// What stands after `graph @` in the text form.
  public var name: String
  /// The graph's `input` nodes, in order of declaration. They live even where nothing reads them.
  public private(set) var inputs: [ValueID] = []
  /// What the graph returns, in order of declaration.
  public private(set) var results: [Result] = []
  private var nodes: [Node?] = []
  /// For every value its readers, once per operand.
  private var readers: [[ValueID]] = []

  /// A graph without nodes and results.
  public init(name: String) { self.name = name }

  /// The node of a live value; asking for an erased one stops the program.
  public subscript(id: ValueID) -> Node {
    guard let node = nodes[id.index] else { preconditionFailure("value \(id.index) was erased") }
    return node
  }

  /// Whether `id` has not been erased.
  public func isLive(_ id: ValueID) -> Bool { nodes[id.index] != nil }

  /// One more than the highest index of any value so far, for tables indexed by value.
  public var valueBound: Int { nodes.count }

  /// The type of a live value.
  public func type(_ id: ValueID) -> TensorType { self[id].type }

  /// The nodes that read a value, once per operand that does.
  public func readers(of id: ValueID) -> [ValueID] { readers[id.index] }

  /// Whether the graph returns `id`.
  public func isResult(_ id: ValueID) -> Bool { results.contains { $0.value == id } }

  /// Whether `id` has one reader and leaves the graph nowhere else, so that a rewrite may absorb it.
  public func hasOneUse(_ id: ValueID) -> Bool { readers[id.index].count == 1 && !isResult(id) }

  /// Adds a node; its operands must be values of this graph.
  @discardableResult
  public mutating func append(_ node: Node) -> ValueID {
    let id = ValueID(index: nodes.count)
    for input in node.inputs {
      precondition(isLive(input), "an operand of %\(node.name) was erased")
      readers[input.index].append(id)
    }
    nodes.append(node)
    readers.append([])
    if case .input = node.op { inputs.append(id) }
    return id
  }

  /// Returns `value` under `name`; the verifier checks that names differ.
  public mutating func addResult(_ name: String, _ value: ValueID) {
    precondition(isLive(value))
    results.append(Result(name: name, value: value))
  }

  /// Removes every result, so that others may be named; nodes stay until ``removeDeadNodes()``.
  public mutating func removeResults() { results = [] }

  /// Changes what a node computes, from the same operands and of the same type.
  public mutating func setOp(_ id: ValueID, _ op: Op) { nodes[id.index]!.op = op }
  /// Gives a node the name of an activation site, or with nil takes it away.
  public mutating func setSite(_ id: ValueID, _ site: String?) { nodes[id.index]!.site = site }

  /// Makes every reader and result of `old` use `new` instead, but for the nodes in `except`; then erases what
  /// nothing reads any more.
  public mutating func replace(_ old: ValueID, with new: ValueID, except: Set<ValueID> = []) {
    precondition(old != new && isLive(new))
    // In order and each once: the order of readers reaches the text through the passes.
    var done: Set<ValueID> = [new]
    for reader in readers[old.index] where !except.contains(reader) && done.insert(reader).inserted {
      let inputs = nodes[reader.index]!.inputs
      nodes[reader.index]!.inputs = inputs.map { $0 == old ? new : $0 }
      let count = inputs.count(where: { $0 == old })
      readers[new.index].append(contentsOf: repeatElement(reader, count: count))
      readers[old.index].removeAll { $0 == reader }
    }
    for index in results.indices where results[index].value == old { results[index].value = new }
    eraseIfDead(old)
  }

  /// Erases `id`, and then its operands, as far as nothing reads them.
  public mutating func eraseIfDead(_ id: ValueID) {
    var pending = [id]
    while let id = pending.popLast() {
      guard let node = nodes[id.index], readers[id.index].isEmpty, !isResult(id) else { continue }
      if case .input = node.op { continue }
      nodes[id.index] = nil
      for input in Set(node.inputs) {
        readers[input.index].removeAll { $0 == id }
        pending.append(input)
      }
    }
  }

  /// Erases every node that no result needs; returns whether there was one.
  @discardableResult
  public mutating func removeDeadNodes() -> Bool {
    let needed = Set(order)
    let dead = nodes.indices.map { ValueID(index: $0) }.filter { isLive($0) && !needed.contains($0) }
    for id in dead {
      nodes[id.index] = nil
      readers[id.index] = []
    }
    guard !dead.isEmpty else { return false }
    let gone = Set(dead)
    for index in readers.indices { readers[index].removeAll { gone.contains($0) } }
    return true
  }

  /// All live values, dead ones too, by age.
  public var liveValues: [ValueID] { nodes.indices.map { ValueID(index: $0) }.filter(isLive) }

  /// The values that inputs and results need, operands before readers; deterministic, near the order of creation.
  public var order: [ValueID] { order(from: inputs + results.map(\.value)) }

  /// `roots` and what they are computed from, operands before readers.
  func order(from roots: [ValueID]) -> [ValueID] {
    var out: [ValueID] = []
    var state = [UInt8](repeating: 0, count: nodes.count)
    for root in roots {
      var stack = [(id: root, next: 0)]
      while let (id, next) = stack.last {
        if next == 0, state[id.index] != 0 {
          stack.removeLast()
          continue
        }
        state[id.index] = 1
        let operands = nodes[id.index]!.inputs
        if next < operands.count {
          stack[stack.count - 1].next += 1
          if state[operands[next].index] == 0 { stack.append((operands[next], 0)) }
        } else {
          stack.removeLast()
          if state[id.index] == 1 {
            state[id.index] = 2
            out.append(id)
          }
        }
      }
    }
    return out
  }
}

extension Graph {
  /// Adds a node whose type follows from its operands.
  ///
  /// A mismatch is a mistake of the caller's, not of any file, and stops the program.
  @discardableResult
  public mutating func append(
    _ op: Op, _ inputs: ValueID..., name: String, site: String? = nil
  ) -> ValueID {
    append(op, inputs, name: name, site: site)
  }

  /// Adds a node whose type follows from its operands, which stops the program where they do not fit the op.
  @discardableResult
  public mutating func append(_ op: Op, _ inputs: [ValueID], name: String, site: String? = nil) -> ValueID {
    do {
      guard let type = try op.resultType(of: inputs.map { self.type($0) }) else {
        preconditionFailure("`\(op.mnemonic)` needs a declared type")
      }
      return append(Node(op, inputs, type, name: name, site: site))
    } catch {
      preconditionFailure("%\(name) = \(op.mnemonic): expected \(error.expected), found \(error.found)")
    }
  }

  /// The value of the only node that carries `site`, or nil.
  public func value(at site: String) -> ValueID? {
    order.first { self[$0].site == site }
  }
}
