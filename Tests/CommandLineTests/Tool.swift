import Glibc
import Testing
import Workbench

/// One of the built tools.
enum Tool: String, Sendable {
  case actc, actrun

  /// Beside the executable of the tests, where the build puts all executables.
  var path: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path[..<(path.lastIndex(of: "/") ?? path.endIndex)] + "/" + rawValue
  }

  /// Runs the tool to its end; whatever takes longer than `timeout` is killed and fails the test.
  func run(
    _ arguments: [String], input: String = "/dev/null", output: String? = nil,
    environment: [String: String] = [:],
    timeout: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let child = try start(arguments, input: input, output: output, environment: environment)
    return try child.wait(timeout, sourceLocation)
  }

  func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  func start(
    _ arguments: [String], input: String = "/dev/null", output: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Child {
    try Child(path, arguments, input: input, output: output, environment: environment)
  }
}

/// How a run ended and what it printed.
struct Outcome: Sendable {
  /// nil where a signal ended it.
  var code: Int32?
  var signal: Int32?
  var output: [UInt8]
  var error: String
  /// The most memory that the process held.
  var peakBytes: Int

  var text: String { String(decoding: output, as: UTF8.self) }
  var errorLines: [Substring] { error.split(separator: "\n") }
}

/// A process with its output in files, so that no pipe can fill up.
final class Child {
  let process: pid_t
  private let scratch: TemporaryDirectory
  private let outputPath: String

  init(
    _ path: String, _ arguments: [String], input: String, output: String?, environment: [String: String]
  ) throws {
    scratch = try TemporaryDirectory()
    outputPath = output ?? scratch.file("out")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, scratch.file("err"), O_WRONLY | O_CREAT, 0o600)

    // Threads of the tests block signals, and where they run an interrupt may be ignored; tools shall inherit neither.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var pairs: [String] = environment.map { "\($0.key)=\($0.value)" }
    for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] where environment[name] == nil {
      if let value = getenv(name) { pairs.append("\(name)=\(String(cString: value))") }
    }
    let argv = ([path] + arguments).map { strdup($0) } + [nil]
    let variables = pairs.map { strdup($0) } + [nil]
    defer { for pointer in argv + variables { free(pointer) } }
    var process = pid_t()
    let error = posix_spawn(&process, path, &actions, &attributes, argv, variables)
    try #require(error == 0, "\(path): \(String(cString: strerror(error)))")
    self.process = process
  }

  func wait(_ timeout: Duration, _ sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
    let end = ContinuousClock.now + timeout
    var status: Int32 = 0
    var usage = rusage()
    while wait4(process, &status, WNOHANG, &usage) == 0 {
      if ContinuousClock.now > end {
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        Issue.record("ran longer than \(timeout)", sourceLocation: sourceLocation)
        break
      }
      usleep(1000)
    }
    let signal = status & 0x7F
    return Outcome(
      code: signal == 0 ? status >> 8 & 0xFF : nil, signal: signal == 0 ? nil : signal,
      output: outputPath == scratch.file("out") ? try scratch.read("out") : [],
      error: String(decoding: try scratch.read("err"), as: UTF8.self), peakBytes: usage.ru_maxrss << 10)
  }
}

/// Runs a command line of the shell.
func shell(_ command: String) throws -> Outcome {
  try Child(
    "/bin/bash", ["-c", "set -o pipefail; \(command); true"], input: "/dev/null", output: nil,
    environment: [:]
  )
  .wait(.seconds(10))
}

/// Runs a tool that must refuse: no signal, this exit code, one line on standard error with these words, nothing on
/// standard output.
func expectRefusal(
  _ tool: Tool, _ arguments: [String], _ code: Int32, _ words: String..., input: String = "/dev/null",
  environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let outcome = try tool.run(
    arguments, input: input, environment: environment, timeout: .seconds(10), sourceLocation: sourceLocation)
  #expect(outcome.signal == nil, "ended by signal", sourceLocation: sourceLocation)
  #expect(outcome.code == code, "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(outcome.errorLines.count == 1, "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(
    outcome.error.hasPrefix("\(tool.rawValue): error: "), "\(outcome.error)", sourceLocation: sourceLocation)
  for word in words {
    #expect(outcome.error.contains(word), "`\(word)` in: \(outcome.error)", sourceLocation: sourceLocation)
  }
  #expect(outcome.output.isEmpty, "\(outcome.text)", sourceLocation: sourceLocation)
}
