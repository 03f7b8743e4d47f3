import ActFormats
import ActIR

/// How an image is cut into square patches, of which each is a row.
struct Patches {
  /// The side of a patch in pixels.
  let side: Int
  /// How many patches there are below each other, and in a line; what is left at the ends of an image is not read.
  let height, width: Int

  /// The patches of an image.
  ///
  /// - Throws: `ModelPartError` for an image smaller than a patch.
  init(_ size: ImageSize, side: Int) throws(ModelPartError) {
    (self.side, height, width) = (side, size.height / side, size.width / side)
    guard height > 0, width > 0 else {
      throw ModelPartError(
        description: "a sample of \(size) has no patch of \(side)x\(side): give a larger --size")
    }
  }

  var count: Int { height * width }
}

extension ModelBuilder {
  /// The patches of an image as rows `[B,N,D]` by the convolution `prefix.proj`, with their places added, as the site
  /// `prefix`.
  mutating func embeddedPatches(
    _ image: ValueID, _ prefix: String, _ patches: Patches, _ width: Int, _ places: ValueID
  ) throws -> ValueID {
    let windows = Windows(side: patches.side, stride: patches.side)
    let projected = try conv(input(image, of: prefix), "\(prefix).proj", width, windows, bias: true)
    let rows = graph.append(
      .reshape([.symbol("B"), .fixed(patches.count), .fixed(width)]), projected, name: "\(prefix).rows")
    return sum(rows, places, prefix, isSite: true)
  }

  /// The middle of a square table of places `[1,S·S,D]`, as `[N,D]`.
  ///
  /// - Throws: `ModelPartError` where an image has more patches a side than the table.
  mutating func croppedPlaces(_ name: String, _ side: Int, _ width: Int, _ patches: Patches) throws -> ValueID
  {
    guard max(patches.height, patches.width) <= side else {
      throw ModelPartError(
        description:
          "a sample of more than \(side * patches.side) pixels a side has no places: give a smaller --size")
    }
    let table = try widened(name, [1, side * side, width])
    var places = graph.append(
      .reshape([.fixed(side), .fixed(side), .fixed(width)]), table, name: "\(name).table")
    for (axis, count) in [patches.height, patches.width].enumerated() {
      places = graph.append(
        .slice(Slice(start: (side - count) / 2, count: count, axis: axis)), places, name: "\(name).\(axis)")
    }
    return graph.append(
      .reshape([.fixed(patches.count), .fixed(width)]), places, name: "\(name).places")
  }

  /// The image of patches `[B,N,side·side·C]`, whose channels are those of their pixels, line by line.
  mutating func image(ofPatches rows: ValueID, _ patches: Patches, _ name: String) -> ValueID {
    let channels = graph.type(rows).shape.last!.fixed! / (patches.side * patches.side)
    let line = patches.side * channels
    let lines = (0..<patches.side).map { place in
      let part = graph.append(.slice(start: place * line, count: line), rows, name: "\(name).\(place)")
      let shape: [Dim] = [
        .symbol("B"), .fixed(patches.height), .fixed(1), .fixed(patches.width * line),
      ]
      return graph.append(.reshape(shape), part, name: "\(name).lines.\(place)")
    }
    let joined = graph.append(.concat(axis: 2), lines, name: "\(name).lines")
    let shape: [Dim] = [
      .symbol("B"), .fixed(patches.height * patches.side), .fixed(patches.width * patches.side),
      .fixed(channels),
    ]
    return graph.append(.reshape(shape), joined, name: name)
  }
}
