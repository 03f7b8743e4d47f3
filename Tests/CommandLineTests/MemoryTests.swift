import Glibc
import Testing
import Workbench

/// What the tools take of the machine's memory.
@Suite struct MemoryTests {
  /// A checkpoint of 120 MB, whose largest tensor has 4: compiling it takes what a few tensors take.
  @Test(arguments: ["f32", "bf16"]) func compilingDoesNotHoldTheModel(_ weights: String) throws {
    let directory = try TemporaryDirectory()
    let model = try BigModel.write(to: directory.makeDirectory("model"), layers: 16)
    let plan = directory.file("x.plan")
    let child = try Tool.actc.start(["compile", model, "--weights", weights, "-o", plan])
    let peak = peakKilobytes(of: child.process)
    let outcome = try child.wait(.seconds(60))
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect((10_000..<50_000).contains(peak), "\(peak) kB")
  }

  /// A GGUF file whose tensors take 100 MB as f32, the largest of them 2; two make one layer of the plan.
  @Test func compilingGGUFDoesNotHoldTheModel() throws {
    let directory = try TemporaryDirectory()
    let model = try directory.write(
      SmallGGUF.make(inner: 8192, layers: 16, isQuantized: true), to: "x.gguf")
    let child = try Tool.actc.start(["compile", model, "--weights", "f32", "-o", directory.file("x.plan")])
    let peak = peakKilobytes(of: child.process)
    let outcome = try child.wait(.seconds(60))
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect((10_000..<60_000).contains(peak), "\(peak) kB")
  }

  /// The most memory that a process has had, mapped files included, by the time that it ends.
  ///
  /// From `/proc`, because the usage that `wait4` reports counts the memory of the process that started it.
  private func peakKilobytes(of process: pid_t) -> Int {
    var peak = 0
    while let status = try? readBytes("/proc/\(process)/status") {
      let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
      guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { break }
      peak = max(peak, line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0)
      usleep(500)
    }
    return peak
  }
}
