import ActFormats
import Glibc

/// A package with one steering method, its tests, and an actc that knows it.
struct MethodSkeleton {
  /// The method's name, `centre-act`.
  let name: String
  private let location: PackageLocation

  init(_ name: String, dependingOn location: PackageLocation) {
    self.name = name
    self.location = location
  }

  /// The executable, `actc-centre-act`.
  var tool: String { "actc-\(name)" }
  /// The module of the method, `CentreActMethod`, which no module of ours or of the system's is named like.
  private var module: String { words.map(capitalized).joined() + "Method" }
  /// The method as a value, `centreActMethod`.
  private var value: String { words[0] + words.dropFirst().map(capitalized).joined() + "Method" }
  private var words: [String] { name.split(separator: "-").map(String.init) }

  private func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

  /// Writes the package to a directory, where nothing is yet. Where that fails, nothing is left.
  func write(to directory: String) throws(FileError) {
    var made: [String] = []
    do throws(FileError) {
      for folder in folders {
        try makeDirectory(directory + folder)
        made.append(directory + folder)
      }
      for (path, text) in files {
        try AtomicFile.write(text, to: "\(directory)/\(path)")
        made.append("\(directory)/\(path)")
      }
    } catch {
      for path in made.reversed() { remove(path) }
      throw error
    }
  }

  /// The directories after the name of the package's own, each after the one that holds it.
  private var folders: [String] {
    ["", "/Sources", "/Sources/\(module)", "/Sources/\(tool)", "/Tests", "/Tests/\(module)Tests"]
  }

  /// The texts of the files, by their paths in the package.
  private var files: [(path: String, text: String)] {
    [
      (".gitignore", ".build/\n"), ("Package.swift", manifest),
      ("Sources/\(module)/\(module).swift", method), ("Sources/\(tool)/main.swift", main),
      ("Tests/\(module)Tests/\(module)Tests.swift", tests),
    ]
  }

  private var manifest: String {
    """
    // swift-tools-version: 6.1
    import PackageDescription

    let package = Package(
      name: "\(name)",
      dependencies: [
        \(location.declaration)
      ],
      targets: [
        .target(name: "\(module)", dependencies: [\(product("ActIR")), \(product("ActPasses"))]),
        .executableTarget(name: "\(tool)", dependencies: ["\(module)", \(product("ActCommands"))]),
        .testTarget(
          name: "\(module)Tests", dependencies: ["\(module)", \(product("ActMethodChecks"))]),
      ]
    )

    """
  }

  private func product(_ name: String) -> String {
    ".product(name: \"\(name)\", package: \"\(location.packageName)\")"
  }

  private var main: String {
    """
    import ActCommands
    import \(module)

    // All of actc's commands, and this method in every one of them.
    runActc(adding: [\(value)])

    """
  }

  private var tests: String {
    """
    import ActMethodChecks
    import \(module)
    import Testing

    @Suite struct \(module)Tests {
      /// What every method must do; `MethodCheck` says what each check is about.
      @Test(arguments: MethodCheck.allCases)
      func conforms(check: MethodCheck) throws {
        #expect(try check.failures(of: \(value)) == [])
      }
    }

    """
  }

  private var method: String {
    """
    import ActIR
    import ActPasses

    /// Says in a sentence what the method does to an activation, with the paper and section that it is from.
    ///
    /// `y = x + λ · scale · (m_b − m_a)`, m_a and m_b the means of the source's and the target's samples.
    public let \(value) = SteeringMethod(
      // What --method takes. Map files carry it, so that it stands for one method for ever.
      "\(name)",
      // Raise it when the parameters of older map files would mean something else.
      version: "1",
      // One line for `actc methods`.
      summary: "shifts by a multiple of the difference of the means",
      // What the map does, as a graph that every map file carries: a function of the activation, of the parameters, and of
      // the strength that is turned at run time. T stands for the rows at a site and D for its channels. At strength 0 the
      // result must be x to the bit. docs/graph.md lists the ops.
      transport: \"\"\"
        graph @\(words.joined(separator: "_"))(%x: f32[T,D], %shift: f32[D], %strength: f32[]) {
          %part = mul %shift, %strength : f32[D]
          %y = add %x, %part : f32[T,D]
          return %y
        }

        \"\"\",
      // What stands for a text, and whether texts are in pairs: `pooling: .last, pairs: true`, say.
      data: DataRequirements(pooling: .mean),
      // What --option NAME=VALUE sets.
      options: [scale],
      // The fit: the function's parameters from the means of both sides. Other forms of it are given each channel's samples
      // (`fitChannel`), means and covariances (`fitMoments`), or all samples (`fitSamples`). What cannot be fitted is
      // a FitError that says why.
      fitMeans: { source, target, settings in
        let factor = settings[scale]
        return ["shift": MapParameter(zip(source, target).map { Float(factor * ($1 - $0)) })]
      })

    /// The type of an option's default is that of its values: numbers, whole numbers, or the words of an enumeration.
    private let scale = MethodOption("scale", default: 1.0, in: 0.001...1000, "How far strength 1 shifts.")

    """
  }
}
