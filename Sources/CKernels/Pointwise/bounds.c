// The stated accuracy of each kernel, in ulps of the result.
#include "adj_pointwise.h"

typedef struct bound {
  double f32, f64;
} bound;

static const bound bounds[ADJ_OP_COUNT] = {
    [ADJ_RSQRT] = {1.5, 1.5},  [ADJ_CBRT] = {1.5, 1.0},     [ADJ_EXP] = {1.5, 1.0},
    [ADJ_EXP2] = {1.5, 1.0},   [ADJ_EXPM1] = {1.5, 1.0},    [ADJ_LOG] = {1.5, 1.0},
    [ADJ_LOG2] = {1.5, 1.0},   [ADJ_LOG10] = {1.5, 1.0},    [ADJ_LOG1P] = {1.5, 1.5},
    [ADJ_SIN] = {2.0, 1.0},    [ADJ_COS] = {2.0, 1.0},      [ADJ_TAN] = {1.0, 1.0},
    [ADJ_ASIN] = {1.5, 1.5},   [ADJ_ACOS] = {1.5, 1.5},     [ADJ_ATAN] = {1.5, 1.5},
    [ADJ_ATAN2] = {1.5, 1.5},  [ADJ_SINH] = {1.5, 1.5},     [ADJ_COSH] = {1.5, 1.5},
    [ADJ_TANH] = {2.0, 2.0},   [ADJ_ASINH] = {1.5, 1.5},    [ADJ_ACOSH] = {1.5, 1.5},
    [ADJ_ATANH] = {1.5, 1.5},  [ADJ_POW] = {2.0, 1.5},      [ADJ_HYPOT] = {1.5, 1.5},
    [ADJ_ERF] = {1.5, 1.5},    [ADJ_ERFC] = {2.5, 2.5},     [ADJ_ERFINV] = {1.0, 4.0},
    [ADJ_LGAMMA] = {1.0, 8.0}, [ADJ_DIGAMMA] = {1.0, 16.0}, [ADJ_POLYGAMMA] = {1.0, 64.0},
};

double adj_ulp_bound(int op, int dtype) {
  if (op < 0 || op >= ADJ_OP_COUNT || (dtype != ADJ_F32 && dtype != ADJ_F64)) return 0;
  double b = dtype == ADJ_F32 ? bounds[op].f32 : bounds[op].f64;
  return b != 0 ? b : 0.5;
}
