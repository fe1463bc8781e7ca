// The stated accuracy of each kernel, in ulps of the result.
#include "adj_pointwise.h"

typedef struct bound {
  double f32, f64;
} bound;

// Operations without an entry are correctly rounded.
static const bound bounds[ADJ_OP_COUNT] = {
    [ADJ_RSQRT] = {1.5, 1.5},
    [ADJ_CBRT] = {1, 1},
    [ADJ_EXP] = {1.25, 1.25},
    [ADJ_EXP2] = {1.25, 1.25},
    [ADJ_EXPM1] = {1.25, 1.25},
    [ADJ_LOG] = {1, 1},
    [ADJ_LOG2] = {1, 1},
    [ADJ_LOG10] = {1, 1},
    [ADJ_LOG1P] = {1, 1},
    [ADJ_SIN] = {1.75, 1},
    [ADJ_COS] = {1.75, 1},
    [ADJ_TAN] = {1, 1.25},
    [ADJ_ASIN] = {1, 1},
    [ADJ_ACOS] = {1, 1},
    [ADJ_ATAN] = {1, 1},
    [ADJ_ATAN2] = {1.5, 1.5},
    [ADJ_SINH] = {1.25, 1.25},
    [ADJ_COSH] = {1.25, 1.25},
    [ADJ_TANH] = {1.5, 1.5},
    [ADJ_ASINH] = {1, 1},
    [ADJ_ACOSH] = {1, 1},
    [ADJ_ATANH] = {1, 1},
    [ADJ_POW] = {1.25, 1.25},
    [ADJ_HYPOT] = {1.5, 1.5},
    [ADJ_ERF] = {1.75, 1.75},
    [ADJ_ERFC] = {3, 3},
    [ADJ_ERFINV] = {1, 4},
    [ADJ_LGAMMA] = {1, 8},
    [ADJ_DIGAMMA] = {1, 4},
    [ADJ_POLYGAMMA] = {1, 16},
};

double adj_ulp_bound(int op, int dtype) {
  if (op < 0 || op >= ADJ_OP_COUNT || (dtype != ADJ_F32 && dtype != ADJ_F64)) return 0;
  double b = dtype == ADJ_F32 ? bounds[op].f32 : bounds[op].f64;
  return b != 0 ? b : 0.5;
}
