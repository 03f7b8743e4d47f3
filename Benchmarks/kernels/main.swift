import ActKernels
import ActRuntime
import ArgumentParser
import Glibc
import LimitsOfCPU

/// Times products with packed matrices, beside what this CPU can do at most in the same minute.
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-bench",
    abstract: "Times products with packed matrices against the measured limits of this CPU.",
    discussion: """
      A line a product: the median time; GFLOP/s, and their ratio to the f32 multiply-adds that the same threads can do; \
      GB/s of weights, and their ratio to what the same threads can read. Up to 63 rows go over as many copies of the \
      matrix as no cache holds.
      """)

  @Option(help: "Instruction-set levels, separated by commas; the level in force by default.")
  var levels: String?

  @Option(help: "Numbers of threads, separated by commas.")
  var threads = "1,2"

  @Option(help: "Types of weights, separated by commas.")
  var types = "f32,bf16,q8,q4"

  @Option(help: "Shapes as ROWSxNxK, separated by commas.")
  var shapes = "1x8192x2048,32x1536x576,512x576x576,512x1536x576,512x576x1536,512x2048x2048"

  @Option(help: "Repetitions, of which the median counts.")
  var repeats = 7

  private static let dtypes = ["f32": ACT_F32X16, "bf16": ACT_BF16X16, "q8": ACT_Q8X16, "q4": ACT_Q4X16]

  func run() throws {
    let levels = try (self.levels ?? String(cString: act_isa_name())).split(separator: ",").map { name in
      guard let level = act_isa_level(String(name)) else {
        throw ValidationError("--levels: '\(name)' is not a level of this CPU.")
      }
      return level.pointee
    }
    let types = try self.types.split(separator: ",").map { name in
      guard let dtype = Self.dtypes[String(name)] else {
        throw ValidationError("--types: '\(name)' is not one of f32, bf16, q8, q4.")
      }
      return (name: String(name), dtype: Int32(dtype.rawValue))
    }
    let shapes = try self.shapes.split(separator: ",").map { try Shape(String($0)) }
    let threads = try self.threads.split(separator: ",").map { text in
      guard let count = Int(text), 1...1024 ~= count else {
        throw ValidationError("--threads: '\(text)' is not a number of threads.")
      }
      return count
    }
    guard repeats > 0 else { throw ValidationError("--repeats: expected 1 or more.") }

    for count in threads {
      let pool = ThreadPool(threads: count)
      var limits = Limits(pool)
      print("\(pool.threads) threads: \(limits)")
      for level in levels {
        for (name, dtype) in types {
          for shape in shapes {
            let product = Product(shape, dtype, level)
            let seconds = product.medianTime(pool, repeats: repeats)
            let gflops = 2 * shape.multiplyAdds / seconds * 1e-9
            let gigabytes = Double(product.weightBytes) / seconds * 1e-9
            print(
              "  \(String(cString: level.name)) \(name) \(shape): \(fixed(seconds * 1e6, 1)) us,",
              "\(fixed(gflops, 1)) GFLOP/s (\(fixed(gflops / limits.gflops, 2))),",
              "\(fixed(gigabytes, 1)) GB/s (\(fixed(gigabytes / limits.gigabytes, 2)))")
          }
        }
      }
      limits = Limits(pool)
      print("\(pool.threads) threads, after: \(limits)")
    }
  }
}

/// The sizes of a product: x: [rows, k], w: [n, k].
struct Shape: CustomStringConvertible {
  let rows: Int32
  let n: Int32
  let k: Int32

  init(_ text: String) throws {
    let sizes = text.split(separator: "x", omittingEmptySubsequences: false).map { Int32($0) ?? 0 }
    guard sizes.count == 3, sizes.allSatisfy({ 1...100_000 ~= $0 }) else {
      throw ValidationError("--shapes: '\(text)' is not ROWSxNxK with sizes from 1 to 100000.")
    }
    (rows, n, k) = (sizes[0], sizes[1], sizes[2])
  }

  var multiplyAdds: Double { Double(rows) * Double(n) * Double(k) }
  var description: String { "\(rows)x\(n)x\(k)" }
}

/// What the threads of a pool can do at most.
struct Limits: CustomStringConvertible {
  let gflops: Double
  let gigabytes: Double

  init(_ pool: ThreadPool) {
    let rounds = 4_000_000
    var fma = limit_fma_args(rounds: Int64(rounds))
    let perRound = 2 * Double(limit_fma_per_round()) * Double(pool.threads)
    gflops = Double(rounds) * perRound / (0..<5).map { _ in time { pool.run(limit_fma, &fma) } }.min()! * 1e-9
    let bytes = 512 << 20
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
    defer { memory.deallocate() }
    memset(memory, 1, bytes)
    var read = limit_read_args(data: memory, bytes: bytes)
    gigabytes = Double(bytes) / (0..<5).map { _ in time { pool.run(limit_read, &read) } }.min()! * 1e-9
  }

  var description: String { "multiply-adds \(fixed(gflops, 0)) GFLOP/s, read \(fixed(gigabytes, 1)) GB/s" }
}

/// A product with its operands in memory, and copies of the matrix to go through.
final class Product {
  let weightBytes: Int
  private let level: act_kernel_table
  private let copies: Int
  private let w: UnsafeMutableRawPointer
  private let x: UnsafeMutablePointer<Float>
  private let out: UnsafeMutablePointer<Float>
  private let packedX: UnsafeMutableRawPointer?
  private var arguments: act_linear_args

  init(_ shape: Shape, _ dtype: Int32, _ level: act_kernel_table) {
    self.level = level
    weightBytes = Int(act_packed_bytes(dtype, Int64(shape.n), Int64(shape.k)))
    // Enough for no cache to hold them, but no more than seconds of work.
    let wanted = shape.rows < 64 ? (400 << 20) / weightBytes : 1
    copies = max(1, min(wanted, Int(1e10 / shape.multiplyAdds)))
    w = .allocate(byteCount: copies * weightBytes, alignment: 4096)
    x = Self.numbers(Int(shape.rows) * Int(shape.k))
    out = .allocate(capacity: Int(shape.rows) * Int(shape.n))
    let weights = Self.numbers(Int(shape.n) * Int(shape.k))
    defer { weights.deallocate() }
    var pack = act_pack_args(
      out: w, out_dtype: dtype, w: weights, w_dtype: Int32(ACT_F32.rawValue), n: shape.n, k: shape.k)
    level.pack(&pack, 0, 1)
    for copy in 1..<max(copies, 1) { memcpy(w + copy * weightBytes, w, weightBytes) }
    let scratch = level.linear_scratch(dtype, shape.rows, shape.k)
    packedX = scratch > 0 ? .allocate(byteCount: scratch, alignment: 64) : nil
    var sum = act_expr()
    sum.input_count = 1
    arguments = act_linear_args(
      out: out, out_row_stride: Int(shape.n), x: UnsafePointer(x), x_row_stride: Int(shape.k), w: nil,
      w_dtype: dtype, rows: shape.rows, n: shape.n, k: shape.k, slots: nil, rows_per_slot: 1, epilogue: sum,
      inputs: act_operands(), packed_x: packedX)
  }

  deinit {
    w.deallocate()
    x.deallocate()
    out.deallocate()
    packedX?.deallocate()
  }

  /// Seconds of one product, packing of its rows and barriers included.
  func medianTime(_ pool: ThreadPool, repeats: Int) -> Double {
    let times = (0..<repeats).map { _ in
      time {
        for copy in 0..<copies {
          arguments.w = UnsafeRawPointer(w + copy * weightBytes)
          if packedX != nil { pool.run(level.pack_rows, &arguments) }
          pool.run(level.linear, &arguments)
        }
      }
    }
    return times.sorted()[repeats / 2] / Double(copies)
  }

  private static func numbers(_ count: Int) -> UnsafeMutablePointer<Float> {
    let numbers = UnsafeMutablePointer<Float>.allocate(capacity: count)
    var state: UInt32 = 1
    for i in 0..<count {
      state = state &* 1_664_525 &+ 1_013_904_223
      numbers[i] = Float(state >> 8) / Float(1 << 24) - 0.5
    }
    return numbers
  }
}

func time(_ body: () -> Void) -> Double {
  var before = timespec()
  var after = timespec()
  clock_gettime(CLOCK_MONOTONIC, &before)
  body()
  clock_gettime(CLOCK_MONOTONIC, &after)
  return Double(after.tv_sec - before.tv_sec) + Double(after.tv_nsec - before.tv_nsec) * 1e-9
}

/// `number` with so many digits after the point.
func fixed(_ number: Double, _ digits: Int) -> String {
  let scale = pow(10, Double(digits))
  let rounded = (number * scale).rounded() / scale
  return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
}

KernelBench.main()
