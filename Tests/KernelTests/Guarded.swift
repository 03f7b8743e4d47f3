import Glibc

/// An array whose end lies at a page that cannot be read or written, so that a kernel that oversteps it by one element
/// dies.
final class Guarded<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  private let base: UnsafeMutableRawPointer
  private let mapped: Int

  init(_ elements: [Element]) {
    let page = Int(getpagesize())
    let bytes = elements.count * MemoryLayout<Element>.stride
    mapped = (bytes + page - 1) / page * page + page
    base = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(base != MAP_FAILED)
    mprotect(base + mapped - page, page, PROT_NONE)
    pointer = (base + mapped - page - bytes).bindMemory(to: Element.self, capacity: elements.count)
    pointer.initialize(from: elements, count: elements.count)
    count = elements.count
  }

  convenience init(repeating element: Element, count: Int) {
    self.init([Element](repeating: element, count: count))
  }

  deinit { munmap(base, mapped) }

  var array: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
