import CKernels

/// What the library's own kernels run on.
public enum TensorKernels {
  /// The instruction set in use: `avx512`, `avx2` or `portable`. The environment variable `ADJOINT_ISA`
  /// lowers it.
  public static var instructionSet: String { String(cString: adj_isa_name()) }
}
