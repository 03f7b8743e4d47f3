import CCrypto

/// An SHA-256 digest in the making (FIPS 180-4).
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto cannot start SHA-256: out of memory, or a policy that forbids it")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { update($0) }
  }

  package mutating func update(_ text: String) { update(Array(text.utf8)[...]) }

  /// The digest as 64 lower-case hexadecimal digits.
  package consuming func hex() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of `bytes`, as hexadecimal digits.
  package static func hex(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes[...])
    return hash.hex()
  }

  /// The digest of the file at `path`, as hexadecimal digits. An empty file is an error, as for `MappedFile`.
  package static func hex(ofFile path: String) throws(FileError) -> String {
    let file = try MappedFile(path)
    var hash = SHA256()
    withExtendedLifetime(file) { hash.update(file.bytes) }
    return hash.hex()
  }
}
