import ActCompile
import ActTerminal
import ArgumentParser
import Glibc

/// Completes the directories and files of models.
var modelFiles: CompletionKind { .file(extensions: ["gguf"]) }

/// Says what a model's files leave out, and what is taken in its place.
func noteMissing(_ model: Model) {
  for text in model.files.notes { note(text) }
}

/// Whether `path` names a model: a directory, or a file whose name ends in `.gguf`.
func isModel(_ path: String) -> Bool {
  var status = stat()
  return path.hasSuffix(".gguf") || stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether two paths lead to one file or directory.
func areSameFile(_ a: String, _ b: String) -> Bool {
  var (first, second) = (stat(), stat())
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev
    && first.st_ino == second.st_ino
}
