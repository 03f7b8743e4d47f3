/// How a matrix that linear layers stream is laid out: in panels of 16 rows, each panel's columns one unit after another.
///
/// Rows past the matrix's last and columns past its last are zero. The bytes are the same for every instruction set;
/// `act_pack` makes them and `act_linear` reads them in place.
public struct PackedFormat: Hashable, Sendable {
  /// Rows of a panel.
  public static let panelRows = 16

  /// Columns of a unit.
  public let unitColumns: Int
  /// Bytes of the unit's 16 rows.
  public let unitByteCount: Int

  /// Panels and units of a matrix of `rows` × `columns`.
  public func grid(rows: Int, columns: Int) -> (panels: Int, units: Int) {
    ((rows + Self.panelRows - 1) / Self.panelRows, (columns + unitColumns - 1) / unitColumns)
  }
}

extension DType {
  /// The layout of a packed type; nil for types whose elements lie one after another.
  public var packedFormat: PackedFormat? {
    switch self {
    case .f32x16: PackedFormat(unitColumns: 1, unitByteCount: 16 * 4)
    case .bf16x16: PackedFormat(unitColumns: 32, unitByteCount: 16 * 32 * 2)
    // Two blocks of 32 columns: a bf16 scale for each row of each block, in q4 an offset too, then the integers.
    case .q8x16: PackedFormat(unitColumns: 64, unitByteCount: 16 * (2 * 2 + 64))
    case .q4x16: PackedFormat(unitColumns: 64, unitByteCount: 16 * (2 * 2 * 2 + 32))
    case .f32, .f16, .bf16, .i32, .bool, .kvf32, .kvbf16: nil
    }
  }
}
