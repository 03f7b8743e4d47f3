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
    let scale = max(1, min(first.width, first.height) / 192)
    let gap = 4 * scale
    let labelHeight = rows.contains { !$0.label.isEmpty } ? PixelFont.height * scale + 2 * gap : 0
    let columns = rows.map(\.pictures.count).max() ?? 1
    let single = rows.count == 1 && columns == 1 && labelHeight == 0
    let margin = single ? 0 : gap
    let width = columns * first.width + (columns - 1) * gap + 2 * margin
    let rowHeight = labelHeight + first.height
    let height = rows.count * rowHeight + (rows.count - 1) * gap + 2 * margin
    var sheet = Picture(width: width, height: height, filledWith: white)
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

  private static let white: (UInt8, UInt8, UInt8) = (255, 255, 255)
  private static let black: (UInt8, UInt8, UInt8) = (0, 0, 0)
}
