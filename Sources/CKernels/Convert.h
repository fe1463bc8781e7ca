// Conversion of one element between dtypes, with a defined result for every value.
#ifndef ADJ_CONVERT_H
#define ADJ_CONVERT_H
#include "include/adj_types.h"

// Names of the dtypes' C types, for macros that paste them: f32, f64, i32, i64, u8, b8.
typedef float adj_f32;
typedef double adj_f64;
typedef int32_t adj_i32;
typedef int64_t adj_i64;
typedef uint8_t adj_u8;
typedef uint8_t adj_b8; // bool, stored as 0 or 1

static inline size_t adj_element_size(int32_t dtype) {
  switch (dtype) {
  case ADJ_F32: case ADJ_I32: return 4;
  case ADJ_F64: case ADJ_I64: return 8;
  default: return 1;
  }
}

// Float to integer: C leaves values out of range undefined, so they are told apart first. The bounds are
// powers of two (or 0 and 255), exact in both float types. The value is replaced before it is converted,
// not after: that keeps the conversion defined in lanes that do not need it, and the loop without branches.
#define ADJ_SATURATE(NAME, FROM, TO, LOW, HIGH, MINIMUM, MAXIMUM) \
  static inline adj_##TO NAME(adj_##FROM x) { \
    bool inside = x >= (adj_##FROM)(LOW) && x < (adj_##FROM)(HIGH); \
    adj_##TO y = (adj_##TO)(inside ? x : (adj_##FROM)0); \
    adj_##TO edge = x >= (adj_##FROM)(HIGH) ? (MAXIMUM) : x < (adj_##FROM)(LOW) ? (MINIMUM) : (adj_##TO)0; \
    return inside ? y : edge; \
  }
ADJ_SATURATE(adj_f32_to_i32, f32, i32, -2147483648.0, 2147483648.0, INT32_MIN, INT32_MAX)
ADJ_SATURATE(adj_f64_to_i32, f64, i32, -2147483648.0, 2147483648.0, INT32_MIN, INT32_MAX)
ADJ_SATURATE(adj_f32_to_i64, f32, i64, -9223372036854775808.0, 9223372036854775808.0, INT64_MIN, INT64_MAX)
ADJ_SATURATE(adj_f64_to_i64, f64, i64, -9223372036854775808.0, 9223372036854775808.0, INT64_MIN, INT64_MAX)
ADJ_SATURATE(adj_f32_to_u8, f32, u8, 0, 256, 0, 255)
ADJ_SATURATE(adj_f64_to_u8, f64, u8, 0, 256, 0, 255)
#undef ADJ_SATURATE

#define adj_f32_to_f64(x) ((adj_f64)(x))
#define adj_f32_to_b8(x) ((adj_b8)((x) != 0))
#define adj_f64_to_f32(x) ((adj_f32)(x))
#define adj_f64_to_b8(x) ((adj_b8)((x) != 0))
// Integers to narrower integers wrap.
#define adj_i32_to_f32(x) ((adj_f32)(x))
#define adj_i32_to_f64(x) ((adj_f64)(x))
#define adj_i32_to_i64(x) ((adj_i64)(x))
#define adj_i32_to_u8(x) ((adj_u8)(x))
#define adj_i32_to_b8(x) ((adj_b8)((x) != 0))
#define adj_i64_to_f32(x) ((adj_f32)(x))
#define adj_i64_to_f64(x) ((adj_f64)(x))
#define adj_i64_to_i32(x) ((adj_i32)(x))
#define adj_i64_to_u8(x) ((adj_u8)(x))
#define adj_i64_to_b8(x) ((adj_b8)((x) != 0))
#define adj_u8_to_f32(x) ((adj_f32)(x))
#define adj_u8_to_f64(x) ((adj_f64)(x))
#define adj_u8_to_i32(x) ((adj_i32)(x))
#define adj_u8_to_i64(x) ((adj_i64)(x))
#define adj_u8_to_b8(x) ((adj_b8)((x) != 0))
#define adj_b8_to_f32(x) ((adj_f32)(x))
#define adj_b8_to_f64(x) ((adj_f64)(x))
#define adj_b8_to_i32(x) ((adj_i32)(x))
#define adj_b8_to_i64(x) ((adj_i64)(x))

#endif
