import ActIR

extension Graph {
  /// A weight as arithmetic takes it, in f32.
  mutating func wide(_ weight: ValueID, name: String) -> ValueID {
    type(weight).dtype == .f32 ? weight : append(.cast(.f32), weight, name: name)
  }

  /// What arithmetic has moved or added up of a weight, in bf16 where the weight is, so that it is stored as that is.
  mutating func rounded(_ value: ValueID, as weight: ValueID) -> ValueID {
    let dtype = type(weight).dtype
    return dtype == .bf16 ? append(.cast(dtype), value, name: "\(self[value].name).rounded") : value
  }
}
