import ActFormats

/// A tree of byte strings, each with a number, that finds all strings with which a text begins.
///
/// The edges lie in one hash table, whose hash is seeded, so that a vocabulary of 250,000 pieces costs no allocation
/// a node and a hostile one cannot choose its collisions.
struct PrefixTree: Sendable {
  typealias Node = Int32

  static let root: Node = 0
  private static let none: Int32 = -1
  private static let free = UInt64.max

  private var keys: [UInt64]
  private var children: [Node]
  /// The number of the string that ends at a node.
  private var values: [Int32] = [PrefixTree.none]
  private let seed = UInt64.random(in: .min ... .max)

  /// An empty tree with room for `nodeCount` nodes before it must grow.
  init(nodeCount: Int = 8) {
    var slotCount = 16
    while slotCount < nodeCount * 2 { slotCount *= 2 }
    keys = [UInt64](repeating: PrefixTree.free, count: slotCount)
    children = [Node](repeating: PrefixTree.none, count: slotCount)
  }

  /// Adds `text` with a number that is not negative; of a text added twice the last number counts.
  mutating func insert(_ text: ByteView, _ value: Int32) {
    var node = PrefixTree.root
    for byte in text {
      if let child = child(of: node, byte) {
        node = child
      } else {
        if (values.count + 1) * 2 > keys.count { grow() }
        let child = Node(values.count)
        set(PrefixTree.key(node, byte), child)
        values.append(PrefixTree.none)
        node = child
      }
    }
    values[Int(node)] = value
  }

  /// The node that `byte` leads to from `node`, or nil.
  @inline(__always)
  func child(of node: Node, _ byte: UInt8) -> Node? {
    let key = PrefixTree.key(node, byte)
    var slot = Int(truncatingIfNeeded: mixed(key, seed)) & (keys.count - 1)
    while true {
      if keys[slot] == key { return children[slot] }
      if keys[slot] == PrefixTree.free { return nil }
      slot = (slot + 1) & (keys.count - 1)
    }
  }

  /// The node at the end of `text`, or nil where no string begins with it.
  func node(at text: some Sequence<UInt8>) -> Node? {
    var node = PrefixTree.root
    for byte in text {
      guard let child = child(of: node, byte) else { return nil }
      node = child
    }
    return node
  }

  /// The number of the string that ends at `node`, or nil.
  @inline(__always)
  func value(at node: Node) -> Int32? {
    let value = values[Int(node)]
    return value == PrefixTree.none ? nil : value
  }

  /// The longest string, from `node` on, with which `text` goes on at `start`: its number and where it ends.
  func longestMatch(_ text: ByteView, from start: Int, at node: Node = root) -> (value: Int32, end: Int)? {
    var node = node
    var found: (value: Int32, end: Int)?
    var at = start
    while at < text.count, let child = child(of: node, text[at]) {
      at += 1
      node = child
      if let value = value(at: node) { found = (value, at) }
    }
    return found
  }

  private static func key(_ node: Node, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

  private mutating func set(_ key: UInt64, _ child: Node) {
    var slot = Int(truncatingIfNeeded: mixed(key, seed)) & (keys.count - 1)
    while keys[slot] != PrefixTree.free { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    children[slot] = child
  }

  private mutating func grow() {
    let (oldKeys, oldChildren) = (keys, children)
    keys = [UInt64](repeating: PrefixTree.free, count: oldKeys.count * 2)
    children = [Node](repeating: PrefixTree.none, count: oldKeys.count * 2)
    for (key, child) in zip(oldKeys, oldChildren) where key != PrefixTree.free { set(key, child) }
  }
}
