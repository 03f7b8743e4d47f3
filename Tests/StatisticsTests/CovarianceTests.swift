import ActFormats
import ActStatistics
import Testing

@Suite struct CovarianceTests {
  private func samples(_ reference: Reference.Case) throws -> (values: [Float], width: Int) {
    let matrix = try reference.matrix("samples")
    return (matrix.values.map { Float($0) }, matrix.columns)
  }

  @Test(arguments: Reference.covariances)
  func asNumPyFindsIt(_ reference: Reference.Case) throws {
    let (values, width) = try samples(reference)
    var covariance = Covariance(width: width)
    covariance.observe(values)
    #expect(covariance.count == values.count / width)
    #expect(deviation(covariance.mean, try reference.numbers("mean")) < 1e-14)
    let found = covariance.matrix(over: Double(covariance.count))
    // The mean of the one that is far from zero has 16 digits, of which 5 are before those that vary.
    #expect(deviation(found, try reference.matrix("covariance")) < 1e-10)
    #expect(found == found.transposed)
  }

  /// However the samples come and whoever merges them first, to 1e-12.
  @Test(arguments: [0, 1000.0])
  func theOrderOfMergesDoesNotMatter(offset: Float) throws {
    let (width, count) = (13, 700)
    var random = SplitMix64(state: 3)
    let values = (0..<count * width).map { _ in offset + Float.random(in: -1...1, using: &random) }
    var whole = Covariance(width: width)
    whole.observe(values)
    let cuts = [0, 1, 2, 250, 251, 640, 700]
    let parts = zip(cuts, cuts.dropFirst()).map { start, end in
      var part = Covariance(width: width)
      part.observe(Array(values[start * width..<end * width]))
      return part
    }
    func merged(_ parts: [Covariance]) -> Covariance {
      parts.reduce(into: Covariance(width: width)) { $0.merge($1) }
    }
    let pairs = stride(from: 0, to: parts.count, by: 2).map { merged(Array(parts[$0..<$0 + 2])) }
    var pieces = Covariance(width: width)
    for start in 0..<count { pieces.observe(Array(values[start * width..<(start + 1) * width])) }
    for other in [merged(parts), merged(parts.reversed()), merged(pairs), merged(pairs.reversed()), pieces] {
      #expect(other.count == count)
      #expect(deviation(other.mean, whole.mean) < 1e-12)
      #expect(deviation(other.matrix(over: 1), whole.matrix(over: 1)) < 1e-12)
    }
  }

  @Test func withoutSamplesNothingIsAdded() {
    var covariance = Covariance(width: 2)
    covariance.merge(Covariance(width: 2))
    covariance.observe([])
    #expect(covariance.count == 0 && covariance.mean == [0, 0] && covariance.isFinite)
    var other = Covariance(width: 2)
    other.observe([1, 2, 3, 6])
    covariance.merge(other)
    #expect(covariance.mean == [2, 4] && covariance.matrix(over: 2).values == [1, 2, 2, 4])
    covariance.observe([.nan, 0])
    #expect(!covariance.isFinite)
  }

  /// The eigenvectors of the covariance of few samples, from their Gram matrix and from their singular values.
  @Test func fewSamplesNeedNoMatrixOfChannels() throws {
    let reference = try #require(Reference.covariances.first { $0.name == "fewer than channels" })
    let (values, width) = try samples(reference)
    var covariance = Covariance(width: width)
    covariance.observe(values)
    let rank = covariance.count - 1
    let expected = try SymmetricEigensystem(covariance.matrix(over: 1))
    let space = expected.vectors.rows(0..<rank).columnProducts

    var centred = Matrix(samples: values, width: width)
    for row in 0..<centred.rows {
      for channel in 0..<width { centred[row, channel] -= covariance.mean[channel] }
    }
    let gram = try SymmetricEigensystem(centred.rowProducts, largest: rank)
    #expect(deviation(gram.values, Array(expected.values[..<rank])) < 1e-12)
    var vectors = gram.vectors.product(centred)
    for row in 0..<rank {
      for channel in 0..<width { vectors[row, channel] /= gram.values[row].squareRoot() }
    }
    #expect(deviation(vectors.columnProducts, space) < 1e-12)

    let singular = try SingularValues(centred)
    #expect(deviation(singular.values[..<rank].map { $0 * $0 }, gram.values) < 1e-12)
    #expect(deviation(singular.right.rows(0..<rank).columnProducts, space) < 1e-12)
  }
}
