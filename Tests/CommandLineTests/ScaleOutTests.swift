import ActFormats
import Glibc
import Testing
import Workbench

/// `actc collect` and `actc solve`, and the examples that spread them over machines.
@Suite struct ScaleOutTests {
  private static let simultaneous = ["--sites", "*norm", "*.o_proj", "--simultaneous"]
  private let workshop: Workshop
  private let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  /// What `actc fit` and `actc collect` are given.
  private var arguments: [String] {
    [workshop.model, "--source", workshop.source, "--target", workshop.target]
  }

  private func actc(_ arguments: [String]) throws {
    let outcome = try Tool.actc.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
  }

  /// The map that one process fits.
  private func expected(_ flags: [String] = []) throws -> [UInt8] {
    try actc(["fit"] + arguments + ["-o", directory.file("expected")] + flags)
    return try directory.read("expected")
  }

  private func collect(_ shard: String, _ flags: [String] = simultaneous) throws -> String {
    let path = directory.file("\(shard.prefix(1)).samples")
    try actc(["collect"] + arguments + flags + ["--shard", shard, "-o", path])
    return path
  }

  @Test(arguments: [[], ["--support", "q0-100", "--method", "gaussian-act"]])
  func fileEqualsThatOfOneProcess(method: [String]) throws {
    let shards = try ["1/3", "2/3", "3/3"].map { try collect($0) }
    try actc(["solve"] + shards + method + ["-o", directory.file("found")])
    #expect(try directory.read("found") == (try expected(Self.simultaneous + method)))
  }

  @Test func badArguments() throws {
    let tail = ["-o", directory.file("x")]
    try expectRefusal(.actc, ["collect"] + arguments + tail, 2, "expected --shard and --output")
    for shard in ["0/2", "3/2", "1", "1/0", "x/2", "1/2/3"] {
      try expectRefusal(.actc, ["collect"] + arguments + ["--shard", shard] + tail, 2, "--shard")
    }
    let one = try collect("1/2")
    try expectRefusal(.actc, ["solve", one] + tail, 2, "missing: 2")
    try expectRefusal(.actc, ["solve", one, workshop.map] + tail, 3, "expected `act-samples`")
    let absent = directory.file("absent/x")
    try expectRefusal(.actc, ["solve", one, "-o", absent], 3, "cannot")
    try expectRefusal(
      .actc, ["collect"] + arguments + ["--shard", "1/1", "-o", absent], 3, "cannot")
  }

  /// A file cut short, and one with bytes changed anywhere in its header, are refused or read as what they say.
  @Test func damagedFiles() throws {
    let bytes = try readBytes(try collect("1/1"))
    let damaged = directory.file("damaged")
    for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      try directory.write(Array(bytes[..<length]), to: "damaged")
      try expectRefusal(.actc, ["solve", damaged, "-o", directory.file("x")], 3, damaged)
    }
    let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    for position in stride(from: 8, to: 8 + header, by: max(1, header / 150)) {
      var changed = bytes
      changed[position] = changed[position] == 0x31 ? 0x32 : 0x31
      try directory.write(changed, to: "damaged")
      let outcome = try Tool.actc.run(["solve", damaged, "-o", directory.file("x")])
      #expect([0, 2, 3].contains(outcome.code), "byte \(position): \(outcome.error)")
    }
  }

  /// Counts that a sum would overflow, and records that there are none of.
  @Test(arguments: [
    ("counts", #"{"source":9223372036854775807,"target":4}"#, "counts: `source`: cannot be"),
    ("counts", #"{"source":0,"target":4}"#, "counts: expected the records of source and target"),
    ("counts", #"{"source":4}"#, "counts: expected the records of source and target"),
    ("sites", #"[{"name":"model.norm","width":9223372036854775807}]"#, "sites: expected a name and a width"),
    ("sites", #"[{"name":"model.norm","width":31}]"#, "expected F32[4, 31]"),
    ("skip_first", "99999999999", "skip_first: expected a count"), ("shard", "2/1", "shard: expected i/N"),
    ("pooling", "sum", "pooling: expected mean, last, min, max, all, found `sum`"),
    ("fit_order", "random", "fit_order: expected causal, simultaneous, found `random`"),
    ("token_scope", "some", "token_scope: expected all, prompt, generated, last"),
  ])
  func dishonestFiles(key: String, value: String, words: String) throws {
    var file = try EditableSafetensors(try collect("1/1", ["--sites", "model.norm", "--simultaneous"]))
    try file.set("__metadata__", key, .string(value))
    let path = try directory.write(file.bytes, to: "dishonest")
    try expectRefusal(.actc, ["solve", path, "-o", directory.file("x")], 3, words)
  }

  /// The scripts for Slurm, with a stand-in for `sbatch` that runs every job at once.
  @Test(arguments: [simultaneous, ["--sites", "re:.*\\.[12]\\.self_attn\\.o_proj"]])
  func slurm(flags: [String]) throws {
    let tools = try directory.makeDirectory("bin")
    try directory.write(standInForSbatch, to: "bin/sbatch")
    chmod("\(tools)/sbatch", 0o755)
    #expect(symlink(Tool.actc.path, "\(tools)/actc") == 0)
    let folder = directory.file("fit")
    let child = try Child(
      "/bin/bash",
      ["\(examples)/slurm/submit.sh", "2", folder] + arguments + flags + ["--", "--method", "mean-act"],
      input: "/dev/null", output: nil, environment: ["PATH": "\(tools):/usr/bin:/bin"])
    let outcome = try child.wait(.seconds(120))
    try #require(outcome.code == 0, "\(outcome.text)\(outcome.error)")
    let rounds = flags == Self.simultaneous ? 1 : 2
    #expect(outcome.text.contains("submitted \(rounds) rounds of 2 shards"))
    let maps = TemporaryDirectory.contents(folder).sorted()
    #expect(maps == (1...rounds).map { "\($0).maps.safetensors" })
    #expect(try readBytes("\(folder)/\(maps.last!)") == (try expected(flags + ["--method", "mean-act"])))
  }

  /// The driver for Ray, on a cluster of this machine. `ACT_RAY` is the folder that holds the package.
  @Test(
    .enabled(if: getenv("ACT_RAY") != nil),
    arguments: [simultaneous, ["--sites", "*.1.self_attn.o_proj"]])
  func ray(flags: [String]) throws {
    let tools = try directory.makeDirectory("bin")
    #expect(symlink(Tool.actc.path, "\(tools)/actc") == 0)
    let path = String(cString: getenv("PATH"))
    let child = try Child(
      "/usr/bin/env",
      ["python3", "\(examples)/ray/fit.py", "--shards", "3", "--output", directory.file("found")] + arguments
        + flags
        + ["--", "--support", "q0-100"],
      input: "/dev/null", output: nil,
      environment: [
        "PATH": "\(tools):\(path)", "PYTHONPATH": String(cString: getenv("ACT_RAY")),
        "RAY_TMPDIR": directory.path,
      ])
    let outcome = try child.wait(.seconds(180))
    try #require(outcome.code == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.text.contains("round 1 of 1"))
    #expect(try directory.read("found") == (try expected(flags + ["--support", "q0-100"])))
  }

  private var examples: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Examples"
  }

  /// Runs a job, or all tasks of an array, as Slurm would, and prints a number.
  private var standInForSbatch: String {
    """
    #!/bin/bash
    set -euo pipefail
    count=
    while [[ $1 == --* ]]; do
      case $1 in
        --array=1-*) count=${1#--array=1-} ;;
        --parsable | --dependency=afterok:7 | --kill-on-invalid-dep=yes) ;;
        *) echo "sbatch: unrecognized option '$1'" >&2; exit 1 ;;
      esac
      shift
    done
    export SLURM_CPUS_PER_TASK=1
    if [ -z "$count" ]; then bash "$@" >&2; fi
    for ((task = 1; task <= ${count:-0}; task++)); do
      SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$count bash "$@" >&2
    done
    echo "7;cluster"

    """
  }
}
