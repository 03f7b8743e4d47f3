import ActIR

/// Takes what a map moves of rows from the rows, and of images from their moments, which a group norm may have already.
///
///     %m = pixel_mean %x    =>  %x                             where x is no images
///     %m = pixel_mean %x    =>  reshape (slice (moments %x))   of images: the means
public let expandPixelMeans = GraphPass(
  "expand-pixel-means",
  rules: [
    RewriteRule("expand-pixel-means") { id, graph in
      let node = graph[id]
      guard case .pixelMean = node.op else { return nil }
      let x = node.inputs[0]
      // A site needs a node of its own.
      guard graph.type(x).isImages else { return node.site == nil ? x : nil }
      let moments = graph.append(.moments, x, name: "\(graph[x].name).moments")
      let means = graph.append(.slice(Slice(start: 0, count: 1, axis: 1)), moments, name: "\(node.name).row")
      return graph.append(.reshape(node.type.shape), means, name: node.name, site: node.site)
    }
  ])
