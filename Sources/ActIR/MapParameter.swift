/// A parameter of a map at one site: its values, and the shape that the transport function gives them.
public struct MapParameter: Hashable, Sendable {
  /// The sizes of the axes, outermost first; none for a scalar.
  public let shape: [Int]
  /// Row-major, as many as the shape says.
  public let values: [Float]

  /// Values of a shape. As many values as it says is a condition of the call, not of a file: anything else traps.
  public init(_ values: [Float], shape: [Int]) {
    precondition(
      values.count == shape.reduce(1, *), "\(values.count) values cannot have the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// A value for each channel.
  public init(_ channels: [Float]) { self.init(channels, shape: [channels.count]) }

  /// One value for all channels.
  public init(_ scalar: Float) { self.init([scalar], shape: []) }

  /// The type of the parameter, `f32[4,576]`.
  public var type: TensorType { TensorType(.f32, shape.map { .fixed($0) }) }
}

extension MapParameter: ExpressibleByArrayLiteral {
  /// A value for each channel.
  public init(arrayLiteral channels: Float...) { self.init(channels) }
}
