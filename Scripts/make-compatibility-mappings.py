#!/usr/bin/env python3
"""Writes Sources/ActText/Tokenizer/Normalizers/CompatibilityMappings.swift: Unicode's compatibility decompositions.

    python3 Scripts/make-compatibility-mappings.py

They come from Python's own tables, without the characters that came after Unicode 11, which PyPI `tokenizers` 0.23
does not decompose.
"""

import os
import unicodedata

OUT = os.path.join(os.path.dirname(__file__), "../Sources/ActText/Tokenizer/Normalizers/CompatibilityMappings.swift")
# Characters with a compatibility decomposition of Unicode 12 to 14.
LATER = [(0x32FF, 0x32FF), (0xA7F2, 0xA7F4), (0xAB69, 0xAB69), (0x10781, 0x107BA), (0x1F16C, 0x1F16C)]
LATER += [(0x1FBF0, 0x1FBF9)]

HEAD = '''// Written by Scripts/make-compatibility-mappings.py.

/// The full compatibility decompositions of Unicode 11, without those that are canonical.
enum CompatibilityMappings {
  /// What NFKD replaces `scalar` by, in UTF-8, or nil where it has no compatibility decomposition.
  static func mapping(of scalar: Unicode.Scalar) -> [UInt8]? {
    scalar.value < 0xA0 ? nil : mappings[scalar.value]
  }

  private static let mappings: [UInt32: [UInt8]] = {
    var mappings: [UInt32: [UInt8]] = [:]
    for line in table.split(separator: "\\n") {
      for entry in line.split(separator: " ") {
        let sides = entry.split(separator: "=")
        let keys = sides[0].split(separator: "-").compactMap { UInt32($0, radix: 16) }
        let values = sides[1].split(separator: "+").compactMap { UInt32($0, radix: 16) }
        for (offset, key) in (keys[0]...keys[keys.count - 1]).enumerated() {
          var mapping = String.UnicodeScalarView()
          for (index, value) in values.enumerated() {
            // Of a range, the last character counts up.
            let step = index + 1 == values.count ? UInt32(offset) : 0
            if let scalar = Unicode.Scalar(value + step) { mapping.append(scalar) }
          }
          mappings[key] = Array(String(mapping).utf8)
        }
      }
    }
    return mappings
  }()

  /// `A=B+C`: the character A becomes B and C; `A-B=C`: A becomes C, the character after A the one after C, up to B.
  private static let table = """
'''


def main():
    entries = []
    for value in range(0x110000):
        char = chr(value)
        if 0xD800 <= value < 0xE000 or any(low <= value <= high for low, high in LATER):
            continue
        mapping = unicodedata.normalize("NFKD", char)
        if mapping == unicodedata.normalize("NFD", char):
            continue
        mapping = [ord(other) for other in mapping]
        last = entries[-1] if entries else None
        if (
            last
            and last[1] == value - 1
            and last[2][:-1] == mapping[:-1]
            and last[2][-1] + value - last[0] == mapping[-1]
        ):
            last[1] = value
        else:
            entries.append([value, value, mapping])
    lines = [""]
    for first, last, mapping in entries:
        key = f"{first:X}" if first == last else f"{first:X}-{last:X}"
        entry = f"{key}={'+'.join(f'{value:X}' for value in mapping)}"
        if len(lines[-1]) + len(entry) > 104:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + entry
    with open(OUT, "w", encoding="utf-8") as file:
        file.write(HEAD + "".join(f"    {line}\n" for line in lines) + '    """\n}\n')


if __name__ == "__main__":
    main()
