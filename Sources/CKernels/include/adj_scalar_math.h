// The C library's functions of one number, under names that do not clash with Swift's operators on tensors.
#ifndef ADJ_SCALAR_MATH_H
#define ADJ_SCALAR_MATH_H
#include <math.h>

#define ADJ_SCALAR_FUNCTION(name)                              \
  static inline double adj_##name(double x) { return name(x); } \
  static inline float adj_##name##f(float x) { return name##f(x); }

ADJ_SCALAR_FUNCTION(exp)
ADJ_SCALAR_FUNCTION(exp2)
ADJ_SCALAR_FUNCTION(expm1)
ADJ_SCALAR_FUNCTION(log)
ADJ_SCALAR_FUNCTION(log2)
ADJ_SCALAR_FUNCTION(log10)
ADJ_SCALAR_FUNCTION(log1p)
ADJ_SCALAR_FUNCTION(sqrt)
ADJ_SCALAR_FUNCTION(cbrt)
ADJ_SCALAR_FUNCTION(sin)
ADJ_SCALAR_FUNCTION(cos)
ADJ_SCALAR_FUNCTION(tan)
ADJ_SCALAR_FUNCTION(asin)
ADJ_SCALAR_FUNCTION(acos)
ADJ_SCALAR_FUNCTION(atan)
ADJ_SCALAR_FUNCTION(sinh)
ADJ_SCALAR_FUNCTION(cosh)
ADJ_SCALAR_FUNCTION(tanh)
ADJ_SCALAR_FUNCTION(asinh)
ADJ_SCALAR_FUNCTION(acosh)
ADJ_SCALAR_FUNCTION(atanh)
ADJ_SCALAR_FUNCTION(erf)
ADJ_SCALAR_FUNCTION(erfc)
ADJ_SCALAR_FUNCTION(lgamma)

#undef ADJ_SCALAR_FUNCTION
#endif
