/// An element type of GGUF that can be read; the raw value is its number in the file.
///
/// A quantised type stores rows in blocks of `blockElements` elements that share their scales.
package enum GGMLType: UInt32, Hashable, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case iq4_NL = 20
  case iq4_XS = 23
  case bf16 = 30

  /// Elements of a block; 1 where the type is not quantised.
  package var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_XS: 256
    }
  }

  /// Bytes of a block.
  package var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4_0: 2 + 16
    case .q4_1: 2 + 2 + 16
    case .q5_0: 2 + 4 + 16
    case .q5_1: 2 + 2 + 4 + 16
    case .q8_0: 2 + 32
    case .q2_K: 16 + 64 + 2 + 2
    case .q3_K: 32 + 64 + 12 + 2
    case .q4_K: 2 + 2 + 12 + 128
    case .q5_K: 2 + 2 + 12 + 32 + 128
    case .q6_K: 128 + 64 + 16 + 2
    case .iq4_NL: 2 + 16
    case .iq4_XS: 2 + 2 + 4 + 128
    }
  }

  /// The type that holds these elements as they are, or nil for a quantised type.
  package var storageType: StorageType? {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    default: nil
    }
  }
}
