import ActDiffusion
import ActFormats
import Glibc
import Testing

@Suite struct DenoisingTests {
  /// A model whose outputs hang on the entry's input, the time and the half.
  private static func predict(_ call: Denoising.Call) -> [[Float]] {
    zip(call.entries, call.inputs).map { entry, input in
      input.map { Float(0.5 * Double($0) * cos(call.time / 200) + (entry.isConditional ? 0.2 : -0.1)) }
    }
  }

  private func run(
    _ name: String, samples: Range<Int>, steps: Int = 5, guidance: Denoising.Guidance? = nil
  ) throws -> [[Float]] {
    let run = try readScheduler(.object(["_class_name": .string(name)]), path: "s").run(
      SchedulerOptions(steps: steps))
    let latents = Latents(seed: 3, samples: samples, shape: [2, 3, 3]).samples
    var denoising = Denoising(
      run, latents: latents, noise: samples.map { SampleNoise(seed: 3, sample: $0) }, guidance: guidance)
    return denoising.finish(predict: Self.predict)
  }

  /// To the bit.
  @Test(arguments: schedulerNames)
  func samplesDoNotDependOnTheBatch(name: String) throws {
    let all = try run(name, samples: 0..<6)
    #expect(try run(name, samples: 0..<3) == Array(all[..<3]))
    #expect(try run(name, samples: 4..<5) == [all[4]])
    #expect(Set(all).count == 6)
  }

  @Test(arguments: schedulerNames)
  func guidanceInOneCallIsThatInTwo(name: String) throws {
    let one = try run(name, samples: 0..<3, guidance: .init(scale: 7.5, isBatched: true))
    #expect(try run(name, samples: 0..<3, guidance: .init(scale: 7.5, isBatched: false)) == one)
    #expect(try run(name, samples: 0..<3) != one)
    // Scale 1 is the half with the prompt, bit for bit.
    #expect(try run(name, samples: 0..<3, guidance: .init(scale: 1)) == run(name, samples: 0..<3))
  }

  /// What a call is given: the sample scaled, both halves side by side, the times of the run.
  @Test func calls() throws {
    let run = try readScheduler(.object(["_class_name": .string("EulerDiscreteScheduler")]), path: "s")
      .run(SchedulerOptions(steps: 2))
    var denoising = Denoising(
      run, latents: [[1, -1], [2, 0]], noise: (0..<2).map { SampleNoise(seed: 0, sample: $0) },
      guidance: .init(scale: 3))
    var calls: [Denoising.Call] = []
    var done: [[Int]] = []
    _ = denoising.finish(progress: { done.append([$0, $1]) }) { call in
      calls.append(call)
      return call.inputs.map { $0.map { _ in 0 } }
    }
    #expect(done == [[0, 2], [1, 2], [2, 2]])
    #expect(calls.map(\.index) == [0, 1] && calls.map(\.time) == run.timesteps)
    #expect(calls[0].entries.map(\.sample) == [0, 1, 0, 1])
    #expect(calls[0].entries.map(\.isConditional) == [false, false, true, true])
    let scale = run.initialScale * run.inputScale(at: 0)
    #expect(calls[0].inputs[0] == calls[0].inputs[2])
    let expected = [Float(2 * scale), 0]
    #expect(abs(calls[0].inputs[1][0] - expected[0]) < 1e-5)
    #expect(calls[0].inputs[1][1] == expected[1])
  }

  @Test func noSamples() throws {
    #expect(try run("DDIMScheduler", samples: 0..<0).isEmpty)
  }
}
