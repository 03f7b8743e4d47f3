import ActFormats

/// Cuts a text where its script changes.
///
/// Kana count as Han. Spaces, and characters that came after Unicode 9, have no script: they belong to the word before
/// them, and to none at the start of a text.
struct UnicodeScripts: Sendable {
  /// Finds runs of one script.
  private let pattern: TokenPattern

  init() throws(TokenizationFailure) {
    let names = UnicodeScripts.names.split(whereSeparator: \.isWhitespace)
    let scripts = [#"[\p{Han}\p{Hiragana}\p{Katakana}]+"#] + names.map { #"\p{\#($0)}+"# }
    pattern = try TokenPattern(scripts.joined(separator: "|"), literal: false)
  }

  /// The words in `range` of `bytes`.
  func words(
    of bytes: ByteView, in range: Range<Int>, _ scratch: MatchScratch
  ) throws(TokenizationFailure) -> [Range<Int>] {
    var text: [UInt8] = []
    /// Where the bytes of `text` lie.
    var places: [Int] = []
    bytes.forEachScalar(in: range) { scalar, place in
      guard scalar != " ", hasScript(scalar) else { return }
      let count = text.count
      text.append(UnicodeScripts.ofSameScript(scalar))
      places += repeatElement(place.lowerBound, count: text.count - count)
    }
    var starts: [Int] = []
    try text.withUnsafeBufferPointer { (text) throws(TokenizationFailure) in
      try pattern.forEachMatch(in: text, scratch) { starts.append(places[$0.lowerBound]) }
    }
    return zip(starts, starts.dropFirst() + [range.upperBound]).map { $0..<$1 }
  }

  /// A character of the script that `scalar` had in Unicode 9.
  private static func ofSameScript(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x30FC: "漢"  // Common, but it counts as kana.
    case 0x0589, 0x061C: "!"
    case 0x0953, 0x0954: "अ"
    default: scalar
    }
  }

  private func hasScript(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return true }
    switch scalar.properties.generalCategory {
    case .privateUse, .unassigned: return false
    default: return CharacterClass.isAssigned(scalar, by: 9)
    }
  }

  private static let names = """
    Adlam Ahom Anatolian_hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_vah Batak Bengali Bhaiksuki
    Bopomofo Brahmi Braille Buginese Buhid Canadian_aboriginal Carian Caucasian_albanian Chakma Cham Cherokee
    Chorasmian Common Coptic Cuneiform Cypriot Cypro_minoan Cyrillic Deseret Devanagari Dives_akuru Dogra
    Duployan Egyptian_hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati
    Gunjala_gondi Gurmukhi Hangul Hanifi_rohingya Hanunoo Hatran Hebrew Imperial_aramaic Inherited
    Inscriptional_pahlavi Inscriptional_parthian Javanese Kaithi Kannada Kayah_li Kharoshthi
    Khitan_small_script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_a Linear_b Lisu Lycian Lydian
    Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_gondi Medefaidrin Meetei_mayek Mende_kikakui
    Meroitic_cursive Meroitic_hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari
    New_tai_lue Newa Nko Nushu Nyiakeng_puachue_hmong Ogham Ol_chiki Old_hungarian Old_italic
    Old_north_arabian Old_permic Old_persian Old_sogdian Old_south_arabian Old_turkic Old_uyghur Oriya Osage
    Osmanya Pahawh_hmong Palmyrene Pau_cin_hau Phags_pa Phoenician Psalter_pahlavi Rejang Runic Samaritan
    Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_sompeng Soyombo Sundanese Syloti_nagri
    Syriac Tagalog Tagbanwa Tai_le Tai_tham Tai_viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan
    Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_citi Yezidi Yiii Zanabazar_square
    """
}
