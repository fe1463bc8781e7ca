// Types that every kernel header shares.
#ifndef ADJ_TYPES_H
#define ADJ_TYPES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADJ_MAX_RANK 8

// The raw values are those of Swift's DType.
typedef enum adj_dtype {
  ADJ_F32 = 0,
  ADJ_F64 = 1,
  ADJ_I32 = 2,
  ADJ_I64 = 3,
  ADJ_U8 = 4,
  ADJ_BOOL = 5,
} adj_dtype;

// A number of either kind: `f` where a computation is in float32 or float64, `i` where it is in int64.
typedef union adj_scalar {
  double f;
  int64_t i;
} adj_scalar;

// A strided array; the shape is told apart. Strides count elements; 0 broadcasts.
typedef struct adj_view {
  void *data;
  int64_t strides[ADJ_MAX_RANK];
  int32_t dtype;
} adj_view;

#endif
