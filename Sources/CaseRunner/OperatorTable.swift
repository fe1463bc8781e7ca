import Autograd

/// PyTorch's operators as calls of this library's: one line an operator.
///
/// To add an operator, write its line in the file of its family, in `Operators/`:
///
///     table["softmax"] = { try softmax($0.tensor(0), axis: $0.int(1, "dim")) }
///     table[list: "split"] = { try ... }   // where PyTorch gives several results
///
/// The name is PyTorch's without `torch.`. The line reads each argument by position, keyword and PyTorch's
/// default (``Arguments``), and calls the operator; it may convert, never compute what an operator should. An
/// option that the operator lacks is `throw Unsupported("...")`; one that the line does not read counts as that.
/// Operators without a line are missing. A new family is a file and its name in `all` below.
public struct OperatorTable: Sendable {
  /// Reads the arguments of a case and calls the operator.
  public typealias Call = @Sendable (Arguments) throws -> [Tensor]
  private var calls: [String: Call] = [:]

  /// The operators of all families.
  public static let all: OperatorTable = {
    var table = OperatorTable()
    let families: [(inout OperatorTable) -> Void] = [
      Elementary.add, Special.add, Activations.add, Arithmetic.add, Comparison.add, Creation.add,
      Reduction.add,
      Layout.add, Joining.add, Copies.add, Indexing.add, LinearAlgebra.add, Network.add, Losses.add,
      Convolutions.add, Poolings.add, Normalizations.add,
      Masked.add, Ordering.add,
      Rearranging.add, Scattering.add,
    ]
    for family in families { family(&table) }
    return table
  }()

  /// An operator with one result.
  subscript(name: String) -> @Sendable (Arguments) throws -> Tensor {
    get { { try self.calls[name]!($0)[0] } }
    set { calls[name] = { [try newValue($0)] } }
  }

  /// An operator with several results, flattened.
  subscript(list name: String) -> Call? {
    get { calls[name] }
    set { calls[name] = newValue }
  }

  /// The names that have a line.
  public var names: [String] { calls.keys.sorted() }
}
