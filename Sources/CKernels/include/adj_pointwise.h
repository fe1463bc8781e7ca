// Programs over scalars ("formulas"), run over blocks of elements by vector kernels.
#ifndef ADJ_POINTWISE_H
#define ADJ_POINTWISE_H
#include "adj_types.h"

// Scalar primitives. Each has a kernel in float32 and float64; those marked (i) in int64 too.
// A comparison gives 1 or 0 in the type it computes in.
typedef enum adj_op {
  ADJ_COPY = 0,   // (i) a
  ADJ_ADD,        // (i) a + b
  ADJ_SUB,        // (i) a - b
  ADJ_MUL,        // (i) a * b
  ADJ_DIV,        // a / b
  ADJ_FMA,        // (i) a * b + c; one rounding only where the hardware has it
  ADJ_STRONG_MUL, // (i) 0 where either is 0, whatever the other is (infinite, NaN); else a * b
  ADJ_NEG,        // (i) -a
  ADJ_ABS,        // (i) |a|
  ADJ_SIGN,       // (i) -1, 0, 1; NaN stays NaN
  ADJ_SQUARE,     // (i) a * a
  ADJ_RECIPROCAL, // 1 / a
  ADJ_MIN,        // (i) NaN if either is NaN
  ADJ_MAX,        // (i) NaN if either is NaN
  ADJ_SELECT,     // (i) a != 0 ? b : c   (NaN counts as not 0)
  ADJ_EQ,         // (i) a == b
  ADJ_NE,         // (i) a != b
  ADJ_LT,         // (i) a < b
  ADJ_LE,         // (i) a <= b
  ADJ_AND,        // (i) a != 0 && b != 0
  ADJ_OR,         // (i) a != 0 || b != 0
  ADJ_NOT,        // (i) a == 0
  ADJ_IS_NAN,     // a is NaN
  ADJ_IS_FINITE,  // a is neither infinite nor NaN
  ADJ_FLOOR,      // (i)
  ADJ_CEIL,       // (i)
  ADJ_ROUND,      // (i) half to even
  ADJ_TRUNC,      // (i)
  ADJ_FLOOR_DIV,  // (i) floor(a / b); int: b == 0 gives 0
  ADJ_REMAINDER,  // (i) a - floor(a / b) * b, sign of b, exact as Python's %; int: b == 0 gives 0
  ADJ_SQRT,
  ADJ_RSQRT,      // 1 / sqrt(a)
  ADJ_CBRT,
  ADJ_EXP,
  ADJ_EXP2,
  ADJ_EXPM1,
  ADJ_LOG,
  ADJ_LOG2,
  ADJ_LOG10,
  ADJ_LOG1P,
  ADJ_SIN,
  ADJ_COS,
  ADJ_TAN,
  ADJ_ASIN,
  ADJ_ACOS,
  ADJ_ATAN,
  ADJ_ATAN2,      // atan2(a, b)
  ADJ_SINH,
  ADJ_COSH,
  ADJ_TANH,
  ADJ_ASINH,
  ADJ_ACOSH,
  ADJ_ATANH,
  ADJ_POW,        // a ** b with C's special cases; (i): b < 0 gives 0 unless a is 1 or -1
  ADJ_HYPOT,      // without overflow
  ADJ_ERF,
  ADJ_ERFC,
  ADJ_ERFINV,
  ADJ_LGAMMA,     // log|gamma(a)|
  ADJ_DIGAMMA,    // poles at 0, -1, -2 ...: NaN at negative integers, -inf at +0 (and +inf at -0), as scipy.special.psi
  ADJ_POLYGAMMA,  // polygamma(n = a, x = b), n a non-negative integer (n = 0: digamma)
  ADJ_OP_COUNT
} adj_op;

// One step: slot[dst] = op(slot[a], slot[b], slot[c]). Unused operands are 0.
typedef struct adj_instruction {
  uint16_t op, dst, a, b, c;
} adj_instruction;

// Slots, in this order: inputs, scalars, temporaries, outputs. Every output slot is written by an
// instruction (a program that passes an input through has an ADJ_COPY). A slot may be written more
// than once (temporaries are reused), and an instruction may write a slot that it reads. Output slots may be read after they are
// written. An instruction never writes an input or a scalar.
typedef struct adj_program {
  const adj_instruction *code;
  int32_t count;
  int32_t inputs;
  int32_t scalars;
  int32_t temporaries;
  int32_t outputs;
} adj_program;

// Runs a program over elements [begin, end) of the row-major iteration space `shape` (rank 0: one
// element). `compute` is ADJ_F32, ADJ_F64 or ADJ_I64; inputs of another dtype are converted as they
// are read (bool and integers to the computing type), outputs as they are written (to bool: != 0).
// An output may be the very same array as an input, with equal strides (in-place use).
void adj_run(const adj_program *program, adj_dtype compute, int rank, const int64_t *shape,
             const adj_view *inputs, const adj_scalar *scalars, const adj_view *outputs,
             int64_t begin, int64_t end);

typedef enum adj_reduction {
  ADJ_SUM = 0,
  ADJ_PROD,
  ADJ_REDUCE_MAX, // NaN if any is NaN; empty: -inf (int: INT64_MIN)
  ADJ_REDUCE_MIN, // NaN if any is NaN; empty: +inf (int: INT64_MAX)
} adj_reduction;

// Reduces the result of a one-output program without storing it. The iteration space is `kept` axes
// followed by `reduced` axes: shape[0 ..< kept + reduced], with the inputs' strides in that order.
// Writes, for each row-major index k in [kept_begin, kept_end) of the kept axes, `scale` times the
// reduction (scale is for sums only, else 1) over the reduced elements [reduced_begin, reduced_end)
// to the output at k's strides; with `accumulate` the result is combined with what the output holds.
// Sums in float32 and float64 are accurate to a few ulps of the sum of magnitudes whatever the
// length (blocked, with float64 partial sums), and the order of additions depends on the shape only.
void adj_reduce(const adj_program *program, adj_dtype compute, adj_reduction reduction, int kept,
                int reduced, const int64_t *shape, const adj_view *inputs, const adj_scalar *scalars,
                const adj_view *output, double scale, bool accumulate, int64_t kept_begin,
                int64_t kept_end, int64_t reduced_begin, int64_t reduced_end);

// The instruction set chosen at run time: "avx512", "avx2" or "portable". The environment variable
// ADJOINT_ISA (one of these words) lowers the choice; it never raises it above what the CPU has.
const char *adj_isa_name(void);

// Chooses the instruction set by name, for tests; false if this CPU does not have it.
bool adj_isa_select(const char *name);

// The largest error of an operation's kernels in float32 or float64 (the `dtype`), in ulps of the
// result: 0.5 where it is correctly rounded. For negative arguments lgamma, digamma and polygamma are
// accurate relative to the terms that cancel near their zeros there; polygamma's bound holds for orders
// up to 170 whose terms stay within the range of numbers.
double adj_ulp_bound(int op, int dtype);

#endif
