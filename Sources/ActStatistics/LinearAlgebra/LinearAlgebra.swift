import ActErrors
import COpenBLAS

/// What holds for all linear algebra of the process.
///
/// It is OpenBLAS's, in double. A result's last bits depend on the kernels that OpenBLAS chooses for the processor, when
/// it is loaded, and on ``threads``: equal inputs give equal bits on one machine with one number of threads.
package enum LinearAlgebra {
  /// The threads that a call uses, for the whole process. 1 wherever calls are made from several threads at once, such as
  /// the body of a ``ConcurrentLoop``: calls with more wait for each other.
  package static var threads: Int {
    get { Int(openblas_get_num_threads()) }
    set { openblas_set_num_threads(Int32(clamping: max(1, newValue))) }
  }

  /// The processor whose kernels OpenBLAS has chosen, as `OPENBLAS_CORETYPE` names it.
  package static var coreName: String { String(cString: openblas_get_corename()) }
}

/// A matrix that a routine of linear algebra cannot work on.
public enum LinearAlgebraError: ToolError, Hashable {
  /// An element is not finite.
  case notFinite
  /// The leading minor of this order is not positive.
  case notPositiveDefinite(order: Int)
  /// LAPACK's iteration did not come to an end.
  case noConvergence(routine: String)
  /// More elements than LAPACK can count.
  case tooLarge(rows: Int, columns: Int)

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .notFinite: "a matrix has an element that is not finite"
    case .notPositiveDefinite(let order):
      "a matrix is not positive definite: its leading minor of order \(order) is not positive"
    case .noConvergence(let routine): "\(routine) did not converge"
    case .tooLarge(let rows, let columns): "a matrix of \(rows) × \(columns) is too large for LAPACK"
    }
  }
}
