// The kernels of one instruction set, written once for any vector width. An isa_*.c file defines
//   LANE_BYTES   bytes of a vector
//   TABLE        name of the table that this file defines
//   ISA_NAME     its name as a string
//   HAVE_FMA     1 where fused multiply-add is an instruction, else 0
//   HAVE_ROUND   1 where rounding to an integral value is an instruction, else 0
//   ISA_AVX512, ISA_AVX2   1 for those sets, else 0
// and includes this file under the attribute that enables the instructions; every function is static
// and forced inline, so that all of it is compiled for that set.
//
// The mathematics is written once for both floating types: the headers below are included twice,
// with T, V, I, U (scalar, vector, integer vector and unsigned vector) and FN redefined.
#include "coefficients.h"
#include <string.h>

// Contraction would turn the error terms of two_prod and friends into something else.
#pragma STDC FP_CONTRACT OFF

#define AI static inline __attribute__((always_inline))
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define SEL(mask, a, b) ((mask) ? (a) : (b))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNALIGNED __attribute__((aligned(1), may_alias))

typedef float f32_vector __attribute__((ext_vector_type(LANE_BYTES / 4)));
typedef int32_t f32_ivector __attribute__((ext_vector_type(LANE_BYTES / 4)));
typedef uint32_t f32_uvector __attribute__((ext_vector_type(LANE_BYTES / 4)));
typedef double f64_vector __attribute__((ext_vector_type(LANE_BYTES / 8)));
// `long`, not int64_t: it is what comparing double vectors gives, also where int64_t is `long long`.
_Static_assert(sizeof(long) == 8, "64-bit long");
typedef long f64_ivector __attribute__((ext_vector_type(LANE_BYTES / 8)));
typedef unsigned long f64_uvector __attribute__((ext_vector_type(LANE_BYTES / 8)));
typedef f32_vector f32_unaligned UNALIGNED;
typedef f64_vector f64_unaligned UNALIGNED;

#include "tail.h"

#define FLOAT_BITS 64
#include "float_type.h"
#include "basics.h"
#include "exp_log.h"
#include "power.h"
#include "trig.h"
#include "inverse_trig.h"
#include "hyperbolic.h"
#include "error_function.h"
#include "gamma.h"
#include "float_kernels.h"
#include "float_reduce.h"
#undef FLOAT_BITS

#define FLOAT_BITS 32
#include "float_type.h"
#include "basics.h"
#include "exp_log.h"
#include "power.h"
#include "trig.h"
#include "inverse_trig.h"
#include "hyperbolic.h"
#include "error_function.h"
#include "float_kernels.h"
#include "float_reduce.h"
#undef FLOAT_BITS

#include "integer.h"
#include "convert.h"
#include "table.h"
