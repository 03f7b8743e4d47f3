/// Pictures of one size side by side: a row for each set of strengths, a column for each sample.
package struct ContactSheet {
  /// A row: its label, and its pictures.
  package struct Row {
    package var label: String
    package var pictures: [Picture]

    package init(label: String, pictures: [Picture]) {
      self.label = label
      self.pictures = pictures
    }
  }

  /// The sheet as a picture; with a label above each row, but where there is one row without a label.
  ///
  /// A label that is longer than its row is cut, and ends in `...`.
  package static func picture(_ rows: [Row]) -> Picture {
    guard let first = rows.first?.pictures.first else {
      return Picture(width: 1, height: 1, filledWith: white)
    }
    precondition(
      rows.allSatisfy { $0.pictures.allSatisfy { $0.width == first.width && $0.height == first.height } })
    let layout = Layout(
      rows: rows.count, columns: rows.map(\.pictures.count).max() ?? 1, width: first.width,
      height: first.height,
      isLabelled: rows.contains { !$0.label.isEmpty })
    let (scale, gap, margin) = (layout.scale, layout.gap, layout.margin)
    let (rowHeight, labelHeight) = (layout.labelHeight + first.height, layout.labelHeight)
    let width = layout.size.width
    var sheet = Picture(width: width, height: layout.size.height, filledWith: white)
    for (index, row) in rows.enumerated() {
      let top = margin + index * (rowHeight + gap)
      let room = (width - 2 * margin) / (PixelFont.advance * scale)
      let label = row.label.count <= room ? row.label : row.label.prefix(max(0, room - 3)) + "..."
      sheet.write(label, x: margin, y: top + gap, scale: scale, color: black)
      for (column, picture) in row.pictures.enumerated() {
        sheet.draw(picture, x: margin + column * (first.width + gap), y: top + labelHeight)
      }
    }
    return sheet
  }

  /// The size of a sheet of so many pictures of a size.
  package static func size(
    rows: Int, columns: Int, width: Int, height: Int, isLabelled: Bool
  ) -> (width: Int, height: Int) {
    Layout(rows: rows, columns: columns, width: width, height: height, isLabelled: isLabelled).size
  }

  private struct Layout {
    /// How wide a pixel of a letter is.
    var scale: Int
    var gap, margin, labelHeight: Int
    var size: (width: Int, height: Int)

    init(rows: Int, columns: Int, width: Int, height: Int, isLabelled: Bool) {
      scale = max(1, min(width, height) / 192)
      gap = 4 * scale
      labelHeight = isLabelled ? PixelFont.height * scale + 2 * gap : 0
      margin = rows == 1 && columns == 1 && !isLabelled ? 0 : gap
      size = (
        columns * width + (columns - 1) * gap + 2 * margin,
        rows * (labelHeight + height) + (rows - 1) * gap + 2 * margin
      )
    }
  }

  private static let white: (UInt8, UInt8, UInt8) = (255, 255, 255)
  private static let black: (UInt8, UInt8, UInt8) = (0, 0, 0)
}
