import Tensor

/// The Hessian of a function that gives one number, at a point, as a linear map: recorded once, then multiplied
/// with vectors as often as wanted, without ever being formed.
///
///     let H = HessianOperator(rosenbrock, at: x)
///     H(v)                                       // Hv, also for a block of vectors [k] + shape
///     try H.solve(b, tolerance: 1e-8)            // H^-1 b by conjugate gradients
///     H.trace(samples: 32, using: &generator)
///
/// Vectors have the input's structure. Making one costs the recorded gradient; every product 1.8 to 1.9 G of
/// arithmetic (G: a gradient with its value, of a net), and less time for each vector of a block, because they share
/// products with matrices. It holds the recorded graph until it is released.
///
/// A function's Gauss-Newton matrix, which is positive semidefinite for convex losses, is an operator too: see
/// ``init(gaussNewton:loss:at:)``.
public struct HessianOperator<Input: TensorStructure> {
  /// The function's value at the point.
  public let value: Tensor
  /// The function's gradient at the point.
  public let gradient: Input
  let map: SymmetricMap
  private let kind: Kind

  private enum Kind: String {
    case hessian = "Hessian"
    case gaussNewton = "Gauss-Newton matrix"
  }

  /// The Hessian of `f` at a point, to be multiplied with vectors of the input's structure and shapes.
  ///
  /// Costs a recorded gradient (``value`` and ``gradient`` come with it), then 1.8 to 1.9 G of arithmetic a product
  /// (G: a gradient with its value, of a net); memory: the gradient's graph, as long as the operator lives.
  /// - Precondition: Floating-point inputs; a result of one floating-point element.
  @_disfavoredOverload
  public init(_ f: @escaping (Input) -> Tensor, at input: Input) {
    let recorded = RecordedGradient("HessianOperator", input.tensors) { f(input.with($0)) }
    self.init(recorded, input)
  }

  /// The Gauss-Newton matrix J' H J at a point, J being the Jacobian of `model` and H the Hessian of `loss`, a
  /// convex function of the model's results that gives one number.
  ///
  /// It is the Hessian without the model's own curvature (Schraudolph, "Fast curvature matrix-vector products",
  /// 2002). Vectors have the input's structure and shapes. Making one costs the recorded model and the loss's
  /// gradient; a product one of J, one of H and one of J', 1.3 G of arithmetic (G: a gradient with its
  /// value, of a net). Memory: both graphs, as long as the operator lives.
  /// - Precondition: Floating-point inputs and results; a loss of one floating-point element.
  public init<Output: TensorStructure>(
    gaussNewton model: @escaping (Input) -> Output, loss: @escaping (Output) -> Tensor, at input: Input
  ) {
    let recorded = RecordedGaussNewton("HessianOperator", input.tensors, { model(input.with($0)) }, loss)
    self.init(recorded, input)
  }

  init(_ recorded: RecordedGradient?, _ input: Input) {
    self.init(.hessian, recorded?.value, recorded?.gradients, recorded?.map, input)
  }

  init(_ recorded: RecordedGaussNewton?, _ input: Input) {
    self.init(.gaussNewton, recorded?.value, recorded?.gradients, recorded?.map, input)
  }

  /// Zero where nothing was recorded, after a report.
  private init(_ kind: Kind, _ value: Tensor?, _ gradients: [Tensor]?, _ map: SymmetricMap?, _ input: Input) {
    self.kind = kind
    self.value = value ?? .placeholder
    gradient = input.with(gradients ?? input.tensors.map { Tensor.zeros(like: $0) })
    self.map = map ?? .zero(input.tensors.map { $0.detached() })
  }

  private var templates: [Tensor] { map.space.templates }

  /// The number of rows: of elements of the input.
  public var count: Int { map.space.count }

  /// Hv.
  ///
  /// Costs 1.8 to 1.9 G of arithmetic (G: a gradient with its value, of a net), of the Gauss-Newton matrix 1.3 G; in
  /// time less for each vector of a block whose tangents are small: blocks are multiplied in parts that stay within
  /// the cache. The graph is walked with what was worked out when the operator was made, and every tangent gives its
  /// memory back where it is read for the last time. So a further product with vectors of the same shapes takes no
  /// memory from the system: it is computed in the blocks of the one before, which the allocator kept
  /// (``TensorMemory``), and so is its result, once that of an earlier product was released. The most that it has at
  /// once is what the first one had.
  /// - Parameter vector: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading axes,
  ///   all the same, and the product then carries them too.
  public func callAsFunction(_ vector: Input) -> Input {
    let tensors = vector.tensors
    guard fit(vector, gradient, "HessianOperator", "vector", "input") else { return vector }
    let lead = lead(tensors, over: templates)
    return vector.with(orZeros(map.product(tensors, lead: lead), like: templates, lead: lead))
  }

  /// The matrix itself, one block for each pair of the input's tensors.
  ///
  /// - Throws: ``MemoryBudgetError``, before memory is asked for.
  public func dense(memoryBudget: MemoryBudget = .automatic) throws(MemoryBudgetError) -> BlockMatrix {
    let shapes = templates.map(\.shape)
    guard blocksFit(templates, templates, "HessianOperator") else {
      return BlockMatrix(placeholdersFor: shapes, shapes)
    }
    return BlockMatrix(
      rowShapes: shapes, columnShapes: shapes, blocks: try map.dense("HessianOperator", memoryBudget))
  }
}

extension HessianOperator: CustomStringConvertible {
  /// What matrix it is, and of what: `Hessian of 21 parameters in 4 tensors`.
  public var description: String {
    "\(kind.rawValue) of \(Amount.text(count, of: "parameter")) in \(Amount.text(templates.count, of: "tensor"))"
  }
}

/// What is recorded never changes, and any number of threads may multiply at once. Where the function was made with
/// ``checkpoint(_:)``, ``rootSolve(_:from:at:tolerance:maxSteps:)`` or ``fixedPoint(_:from:at:tolerance:maxSteps:)``, the
/// graph calls the program's closures on whatever thread asks for a product: they must then be fit for that (capture
/// nothing that changes without a lock), which the compiler does not check.
extension HessianOperator: @unchecked Sendable where Input: Sendable {}

extension HessianOperator where Input == [Tensor] {
  /// The Hessian of a number that was computed already, with respect to tensors it was computed from: for
  /// leaves, such as a model's parameters.
  ///
  /// Vectors are lists in the order of `inputs`, of their shapes and dtypes. Costs a gradient that is recorded, then
  /// 1.8 to 1.9 G of arithmetic a product (G: a gradient with its value, of a net); memory: the graphs of the number
  /// and of its gradient, as long as the operator lives.
  /// - Parameters:
  ///   - y: One floating-point element, tracked.
  ///   - inputs: Tracked tensors, none of which was computed from another (which is reported). Products are constants.
  public init(of y: Tensor, withRespectTo inputs: [Tensor]) {
    self.init(RecordedGradient("HessianOperator", of: y, withRespectTo: inputs), inputs.map { $0.detached() })
  }

  /// The Gauss-Newton matrix of a convex loss of results that were computed already, with respect to tensors
  /// that they were computed from.
  ///
  /// Vectors are lists in the order of `inputs`, of their shapes and dtypes. Costs the loss's gradient, recorded,
  /// then 1.3 G of arithmetic a product (G: a gradient with its value, of a net); memory: the graphs of
  /// the results and of the loss's gradient, as long as the operator lives.
  /// - Parameters:
  ///   - output: Tracked floating-point results, in any structure.
  ///   - loss: A convex function of them that gives one floating-point element.
  ///   - inputs: Tracked tensors, none of which was computed from another (which is reported). Products are constants.
  public init<Output: TensorStructure>(
    gaussNewton output: Output, loss: @escaping (Output) -> Tensor, withRespectTo inputs: [Tensor]
  ) {
    let recorded = RecordedGaussNewton("HessianOperator", output, loss, withRespectTo: inputs)
    self.init(recorded, inputs.map { $0.detached() })
  }
}
