/// Something that can be chosen of how a method fits, as `--option NAME=VALUE` chooses it.
///
/// The method reads what was chosen by the option itself, `settings[rank]`, of the option's own type.
public struct MethodOption<Value: Sendable>: Sendable {
  public let name: String
  public let help: String
  public let defaultText: String
  public let expected: String
  fileprivate let parse: @Sendable (String) -> Value?

  private init(
    _ name: String, _ defaultText: String, _ expected: String, _ help: String,
    parse: @escaping @Sendable (String) -> Value?
  ) {
    self.name = name
    self.help = help
    self.defaultText = defaultText
    self.expected = expected
    self.parse = parse
    precondition(parse(defaultText) != nil, "the default of `\(name)` is not one of its values")
  }
}

extension MethodOption where Value == Int {
  /// A whole number of a range.
  public init(_ name: String, default value: Int, in range: ClosedRange<Int>, _ help: String) {
    self.init(name, "\(value)", "\(range.lowerBound) to \(range.upperBound)", help) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension MethodOption where Value == Double {
  /// A number of a range.
  public init(_ name: String, default value: Double, in range: ClosedRange<Double>, _ help: String) {
    func text(_ number: Double) -> String {
      number.magnitude < 1e9 && number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
    self.init(name, text(value), "\(text(range.lowerBound)) to \(text(range.upperBound))", help) { text in
      Double(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension MethodOption where Value: RawRepresentable<String> & CaseIterable {
  /// One of the words of a type.
  public init(_ name: String, default value: Value, _ help: String) {
    let words = Value.allCases.map(\.rawValue)
    self.init(name, value.rawValue, words.joined(separator: ", "), help) { Value(rawValue: $0) }
  }
}

/// An option of any type, as commands list and check it.
public protocol AnyMethodOption: Sendable {
  /// What stands before `=`.
  var name: String { get }
  /// What it chooses, as a sentence.
  var help: String { get }
  /// What holds where nothing is chosen.
  var defaultText: String { get }
  /// The values that it takes, in words.
  var expected: String { get }

  /// Whether the text is one of the values.
  func accepts(_ text: String) -> Bool
}

extension MethodOption: AnyMethodOption {
  public func accepts(_ text: String) -> Bool { parse(text) != nil }
}

/// What is chosen for each option of a method.
public struct MethodSettings: Hashable, Sendable {
  /// The text of each option's value, by the option's name.
  public let texts: [String: String]

  /// What `choices` say, and the defaults of the other options.
  ///
  /// - Throws: ``FitError`` for a choice that the method does not have, or a value that the option does not take.
  public init(_ options: [any AnyMethodOption], _ choices: [String: String] = [:]) throws(FitError) {
    var texts = Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0.defaultText) })
    for (name, text) in choices.sorted(by: { $0.key < $1.key }) {
      guard let option = options.first(where: { $0.name == name }) else {
        let known = options.map(\.name).joined(separator: ", ")
        throw FitError("no option `\(name)`; \(known.isEmpty ? "the method has none" : "there are \(known)")")
      }
      guard option.accepts(text) else {
        throw FitError("\(name): expected \(option.expected), found `\(text)`")
      }
      texts[name] = text
    }
    self.texts = texts
  }

  /// The defaults of a method's options.
  public init(defaultsOf method: SteeringMethod) {
    texts = Dictionary(uniqueKeysWithValues: method.options.map { ($0.name, $0.defaultText) })
  }

  /// The value of an option, which is one of the method's.
  public subscript<Value>(option: MethodOption<Value>) -> Value {
    guard let text = texts[option.name], let value = option.parse(text) else {
      preconditionFailure("`\(option.name)` is not an option of the method")
    }
    return value
  }
}
