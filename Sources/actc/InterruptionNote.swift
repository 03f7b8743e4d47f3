import ActFit
@preconcurrency import Glibc
import Synchronization

/// The line that a fit prints before a signal ends it, SIGINT as from Ctrl-C or SIGTERM: what is kept, and how to go on.
struct InterruptionNote {
  /// From now on, SIGINT and SIGTERM print the note before they do what they did.
  init() {
    set("nothing is kept yet")
    install(SIGINT, &interruptBefore)
    install(SIGTERM, &terminationBefore)
  }

  /// Says how many sites of the fit that writes `output` are kept.
  func update(keptSites count: Int, of total: Int, output: String) {
    guard count > 0 else { return }
    set(
      "\(count) of \(total) sites are kept in \(PartialFit.path(beside: output)); run the same command to go on"
    )
  }

  private func set(_ text: String) {
    let clearsLine = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
    // Never freed: a signal may arrive while the one before is being printed. There is one a finished segment.
    guard let copy = strdup("\(clearsLine)actc: interrupted: \(text)\n") else { return }
    if let before = UnsafePointer<CChar>(bitPattern: current.load(ordering: .relaxed)),
      strcmp(before, copy) == 0
    {
      return free(copy)
    }
    current.store(UInt(bitPattern: copy), ordering: .releasing)
  }

  private func install(_ signal: Int32, _ before: inout sigaction) {
    sigaction(signal, nil, &before)
    // Ignored, as by nohup: it stays so.
    guard
      unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
        != unsafeBitCast(SIG_IGN, to: Int.self)
    else { return }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = printAndPassOn
    sigaction(signal, &action, nil)
  }
}

/// The address of the line to print; 0 where there is none.
private let current = Atomic<UInt>(0)
nonisolated(unsafe) private var interruptBefore = sigaction()
nonisolated(unsafe) private var terminationBefore = sigaction()

/// Prints the note and raises the signal again for what handled it before; calls only what a handler may.
private func printAndPassOn(_ signal: Int32) {
  if let text = UnsafePointer<CChar>(bitPattern: current.load(ordering: .acquiring)) {
    _ = write(STDERR_FILENO, text, strlen(text))
  }
  if signal == SIGINT {
    sigaction(signal, &interruptBefore, nil)
  } else {
    sigaction(signal, &terminationBefore, nil)
  }
  // Blocked until this returns.
  raise(signal)
}
