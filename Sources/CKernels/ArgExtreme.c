// Positions of largest and smallest elements.
#include "Convert.h"
#include "include/adj_index.h"
#include <string.h>

#define LANES 16
#define BLOCK 512
#define STRIP 256 // columns whose best so far is kept while the axis is walked row by row

// One function for each dtype and direction. BETTER(a, b): a is strictly better than b, false if either is NaN.
// Along a contiguous axis, the best of each block is found with LANES values side by side, which needs no
// positions; the one block that can hold the answer is searched for it afterwards.
#define ARG_EXTREME(NAME, T, BETTER, WORST, IS_NAN) \
  static int64_t NAME##_row(const T *src, int64_t length) { \
    T best = WORST; \
    int64_t best_block = 0; \
    if (length >= 4 * LANES) { \
      for (int64_t start = 0; start < length; start += BLOCK) { \
        int64_t end = length - start < BLOCK ? length : start + BLOCK, i = start; \
        T lanes[LANES]; \
        int nans = 0; \
        for (int j = 0; j < LANES; j++) lanes[j] = WORST; \
        for (; i + LANES <= end; i += LANES) { \
          for (int j = 0; j < LANES; j++) { \
            T x = src[i + j]; \
            lanes[j] = BETTER(x, lanes[j]) ? x : lanes[j]; \
            nans |= IS_NAN(x); \
          } \
        } \
        for (; i < end; i++) { \
          T x = src[i]; \
          lanes[0] = BETTER(x, lanes[0]) ? x : lanes[0]; \
          nans |= IS_NAN(x); \
        } \
        if (nans) { \
          for (i = start; !(IS_NAN(src[i])); i++) {} \
          return i; \
        } \
        for (int j = 1; j < LANES; j++) lanes[0] = BETTER(lanes[j], lanes[0]) ? lanes[j] : lanes[0]; \
        if (BETTER(lanes[0], best)) { \
          best = lanes[0]; \
          best_block = start; \
        } \
      } \
      int64_t i = best_block; \
      while (src[i] != best) i++; /* an array of nothing but WORST answers 0 */ \
      return i; \
    } \
    int64_t position = 0; \
    best = src[0]; \
    for (int64_t i = 0; i < length; i++) { \
      T x = src[i]; \
      if (IS_NAN(x)) return i; \
      position = BETTER(x, best) ? i : position; \
      best = BETTER(x, best) ? x : best; \
    } \
    return position; \
  } \
  static void NAME(const T *src, int64_t outer, int64_t length, int64_t inner, int64_t *dst) { \
    if (inner == 1) { \
      for (int64_t o = 0; o < outer; o++) dst[o] = NAME##_row(src + o * length, length); \
      return; \
    } \
    for (int64_t o = 0; o < outer; o++, src += length * inner, dst += inner) { \
      for (int64_t start = 0; start < inner; start += STRIP) { \
        int64_t width = inner - start < STRIP ? inner - start : STRIP; \
        T best[STRIP]; \
        int64_t position[STRIP]; \
        memcpy(best, src + start, (size_t)width * sizeof(T)); \
        memset(position, 0, sizeof position); \
        for (int64_t k = 1; k < length; k++) { \
          const T *row = src + k * inner + start; \
          for (int64_t i = 0; i < width; i++) { \
            T x = row[i]; \
            bool better = BETTER(x, best[i]) | ((IS_NAN(x)) & !(IS_NAN(best[i]))); \
            better &= !(IS_NAN(best[i])); \
            best[i] = better ? x : best[i]; \
            position[i] = better ? k : position[i]; \
          } \
        } \
        memcpy(dst + start, position, (size_t)width * sizeof(int64_t)); \
      } \
    } \
  }
#define ABOVE(a, b) ((a) > (b))
#define BELOW(a, b) ((a) < (b))
#define FLOAT_NAN(x) ((x) != (x))
#define NO_NAN(x) 0
ARG_EXTREME(arg_max_f32, float, ABOVE, -__builtin_inff(), FLOAT_NAN)
ARG_EXTREME(arg_min_f32, float, BELOW, __builtin_inff(), FLOAT_NAN)
ARG_EXTREME(arg_max_f64, double, ABOVE, -__builtin_inf(), FLOAT_NAN)
ARG_EXTREME(arg_min_f64, double, BELOW, __builtin_inf(), FLOAT_NAN)
ARG_EXTREME(arg_max_i32, int32_t, ABOVE, INT32_MIN, NO_NAN)
ARG_EXTREME(arg_min_i32, int32_t, BELOW, INT32_MAX, NO_NAN)
ARG_EXTREME(arg_max_i64, int64_t, ABOVE, INT64_MIN, NO_NAN)
ARG_EXTREME(arg_min_i64, int64_t, BELOW, INT64_MAX, NO_NAN)
ARG_EXTREME(arg_max_u8, uint8_t, ABOVE, 0, NO_NAN)
ARG_EXTREME(arg_min_u8, uint8_t, BELOW, UINT8_MAX, NO_NAN)
#undef ARG_EXTREME

void adj_arg_extreme(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
                     bool largest, int64_t *dst) {
  if (length == 0) return;
  switch (dtype) {
  case ADJ_F32: (largest ? arg_max_f32 : arg_min_f32)(src, outer, length, inner, dst); break;
  case ADJ_F64: (largest ? arg_max_f64 : arg_min_f64)(src, outer, length, inner, dst); break;
  case ADJ_I32: (largest ? arg_max_i32 : arg_min_i32)(src, outer, length, inner, dst); break;
  case ADJ_I64: (largest ? arg_max_i64 : arg_min_i64)(src, outer, length, inner, dst); break;
  case ADJ_U8:
  case ADJ_BOOL: (largest ? arg_max_u8 : arg_min_u8)(src, outer, length, inner, dst); break;
  }
}
