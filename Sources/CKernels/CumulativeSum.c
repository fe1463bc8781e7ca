// Running sums along an axis.
#include "Convert.h"
#include "include/adj_index.h"
#include <string.h>

#define STRIP 256 // columns whose sums are kept while the axis is walked row by row

// float32 is summed in float64 and rounded once for each element, so that long sums stay accurate and do
// not depend on the layout. Integers wrap; bool runs as OR.
#define CUMULATIVE_SUM(NAME, T, SUM, COMBINE) \
  static void NAME(const T *src, int64_t outer, int64_t length, int64_t inner, bool reverse, T *dst) { \
    int64_t step = reverse ? -inner : inner, first = reverse ? (length - 1) * inner : 0; \
    for (int64_t o = 0; o < outer; o++, src += length * inner, dst += length * inner) { \
      if (inner == 1) { \
        SUM sum = 0; \
        for (int64_t k = 0, at = first; k < length; k++, at += step) { \
          sum = (SUM)COMBINE(sum, src[at]); \
          dst[at] = (T)sum; \
        } \
        continue; \
      } \
      for (int64_t start = 0; start < inner; start += STRIP) { \
        int64_t width = inner - start < STRIP ? inner - start : STRIP; \
        SUM sums[STRIP]; \
        memset(sums, 0, sizeof sums); \
        for (int64_t k = 0, at = first + start; k < length; k++, at += step) { \
          for (int64_t i = 0; i < width; i++) { \
            sums[i] = (SUM)COMBINE(sums[i], src[at + i]); \
            dst[at + i] = (T)sums[i]; \
          } \
        } \
      } \
    } \
  }
#define ADD(a, b) ((a) + (b))
#define OR(a, b) ((a) | (b))
CUMULATIVE_SUM(cumsum_f32, float, double, ADD)
CUMULATIVE_SUM(cumsum_f64, double, double, ADD)
CUMULATIVE_SUM(cumsum_i32, uint32_t, uint32_t, ADD)
CUMULATIVE_SUM(cumsum_i64, uint64_t, uint64_t, ADD)
CUMULATIVE_SUM(cumsum_u8, uint8_t, uint8_t, ADD)
CUMULATIVE_SUM(cumsum_b8, uint8_t, uint8_t, OR)
#undef CUMULATIVE_SUM

void adj_cumsum(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner, bool reverse, void *dst) {
  switch (dtype) {
  case ADJ_F32: cumsum_f32(src, outer, length, inner, reverse, dst); break;
  case ADJ_F64: cumsum_f64(src, outer, length, inner, reverse, dst); break;
  case ADJ_I32: cumsum_i32(src, outer, length, inner, reverse, dst); break;
  case ADJ_I64: cumsum_i64(src, outer, length, inner, reverse, dst); break;
  case ADJ_U8: cumsum_u8(src, outer, length, inner, reverse, dst); break;
  case ADJ_BOOL: cumsum_b8(src, outer, length, inner, reverse, dst); break;
  }
}
