// Kernels that move or add elements to where indices say. See adj_index.h for what each computes.
#include "Convert.h"
#include "include/adj_index.h"
#include <string.h>

int64_t adj_normalize_indices(int64_t *indices, int64_t count, int64_t length) {
  // Blocks are tested whole first: without branches inside, the test is vector code.
  for (int64_t i = 0; i < count; i += 256) {
    int64_t end = count - i < 256 ? count : i + 256;
    bool outside = false, negative = false;
    for (int64_t j = i; j < end; j++) {
      int64_t index = indices[j];
      outside |= index >= length || index < -length;
      negative |= index < 0;
    }
    if (!outside) {
      if (negative)
        for (int64_t j = i; j < end; j++) indices[j] += indices[j] < 0 ? length : 0;
      continue;
    }
    for (int64_t j = i; j < end; j++) {
      int64_t index = indices[j];
      if (index >= length || index < -length) return j + 1;
      if (index < 0) indices[j] = index + length;
    }
  }
  return 0;
}

// ---- Moves: by element size, rows of `bytes` bytes ----

// A copy of a length that is known when compiling is a few instructions instead of a call.
#define MOVE_ROWS(SIZE, DST, SRC) \
  for (int64_t o = 0; o < outer; o++, s += src_step, d += dst_step) \
    for (int64_t k = 0; k < count; k++) memcpy(DST, SRC, SIZE);
#define MOVE_ROWS_BY_SIZE(DST, SRC) \
  switch (bytes) { \
  case 1: MOVE_ROWS(1, DST, SRC) break; \
  case 2: MOVE_ROWS(2, DST, SRC) break; \
  case 4: MOVE_ROWS(4, DST, SRC) break; \
  case 8: MOVE_ROWS(8, DST, SRC) break; \
  case 12: MOVE_ROWS(12, DST, SRC) break; \
  case 16: MOVE_ROWS(16, DST, SRC) break; \
  case 32: MOVE_ROWS(32, DST, SRC) break; \
  case 64: MOVE_ROWS(64, DST, SRC) break; \
  case 128: MOVE_ROWS(128, DST, SRC) break; \
  default: MOVE_ROWS((size_t)bytes, DST, SRC) break; \
  }

void adj_take(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
              const int64_t *indices, int64_t count, void *dst) {
  int64_t bytes = inner * (int64_t)adj_element_size(dtype);
  int64_t src_step = length * bytes, dst_step = count * bytes;
  const char *s = src;
  char *d = dst;
  MOVE_ROWS_BY_SIZE(d + k * bytes, s + indices[k] * bytes)
}

void adj_put(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
             const int64_t *indices, int64_t count, void *dst) {
  int64_t bytes = inner * (int64_t)adj_element_size(dtype);
  int64_t src_step = count * bytes, dst_step = length * bytes;
  const char *s = src;
  char *d = dst;
  MOVE_ROWS_BY_SIZE(d + indices[k] * bytes, s + k * bytes)
}

#define GATHER(NAME, T) \
  static void NAME(const T *src, int64_t lead, int64_t outer, int64_t length, int64_t inner, \
                   const int64_t *indices, int64_t count, T *dst) { \
    for (int64_t l = 0; l < lead; l++) { \
      const int64_t *index = indices; \
      for (int64_t o = 0; o < outer; o++, src += length * inner) { \
        if (inner == 1) { \
          for (int64_t k = 0; k < count; k++) dst[k] = src[index[k]]; \
          dst += count; \
          index += count; \
        } else { \
          for (int64_t k = 0; k < count; k++, dst += inner, index += inner) \
            for (int64_t i = 0; i < inner; i++) dst[i] = src[index[i] * inner + i]; \
        } \
      } \
    } \
  }
GATHER(gather_1, uint8_t)
GATHER(gather_4, uint32_t)
GATHER(gather_8, uint64_t)
#undef GATHER

void adj_gather(adj_dtype dtype, const void *src, int64_t lead, int64_t outer, int64_t length,
                int64_t inner, const int64_t *indices, int64_t count, void *dst) {
  switch (adj_element_size(dtype)) {
  case 1: gather_1(src, lead, outer, length, inner, indices, count, dst); break;
  case 4: gather_4(src, lead, outer, length, inner, indices, count, dst); break;
  default: gather_8(src, lead, outer, length, inner, indices, count, dst); break;
  }
}

// ---- Additions: by dtype; bool adds as OR, integers wrap ----

#define ADD(a, b) ((a) + (b))
#define OR(a, b) ((a) | (b))

#define TAKE_ADD(NAME, T, COMBINE) \
  static void NAME(const T *restrict src, int64_t outer, int64_t length, int64_t inner, \
                   const int64_t *restrict indices, int64_t count, T *restrict dst) { \
    for (int64_t o = 0; o < outer; o++, dst += length * inner) { \
      if (inner == 1) { \
        for (int64_t k = 0; k < count; k++) dst[indices[k]] = (T)COMBINE(dst[indices[k]], src[k]); \
        src += count; \
      } else { \
        for (int64_t k = 0; k < count; k++, src += inner) { \
          T *restrict row = dst + indices[k] * inner; \
          for (int64_t i = 0; i < inner; i++) row[i] = (T)COMBINE(row[i], src[i]); \
        } \
      } \
    } \
  } \
  static void NAME##_each(const T *src, int64_t lead, int64_t outer, int64_t length, int64_t inner, \
                          const int64_t *indices, int64_t count, T *dst) { \
    for (int64_t l = 0; l < lead; l++) { \
      const int64_t *index = indices; \
      for (int64_t o = 0; o < outer; o++, dst += length * inner) { \
        if (inner == 1) { \
          for (int64_t k = 0; k < count; k++) dst[index[k]] = (T)COMBINE(dst[index[k]], src[k]); \
          src += count; \
          index += count; \
        } else { \
          for (int64_t k = 0; k < count; k++, src += inner, index += inner) { \
            for (int64_t i = 0; i < inner; i++) { \
              T *place = &dst[index[i] * inner + i]; \
              *place = (T)COMBINE(*place, src[i]); \
            } \
          } \
        } \
      } \
    } \
  }
TAKE_ADD(add_f32, float, ADD)
TAKE_ADD(add_f64, double, ADD)
TAKE_ADD(add_i32, uint32_t, ADD)
TAKE_ADD(add_i64, uint64_t, ADD)
TAKE_ADD(add_u8, uint8_t, ADD)
TAKE_ADD(or_b8, uint8_t, OR)
#undef TAKE_ADD

void adj_take_add(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
                  const int64_t *indices, int64_t count, void *dst) {
  switch (dtype) {
  case ADJ_F32: add_f32(src, outer, length, inner, indices, count, dst); break;
  case ADJ_F64: add_f64(src, outer, length, inner, indices, count, dst); break;
  case ADJ_I32: add_i32(src, outer, length, inner, indices, count, dst); break;
  case ADJ_I64: add_i64(src, outer, length, inner, indices, count, dst); break;
  case ADJ_U8: add_u8(src, outer, length, inner, indices, count, dst); break;
  case ADJ_BOOL: or_b8(src, outer, length, inner, indices, count, dst); break;
  }
}

void adj_gather_add(adj_dtype dtype, const void *src, int64_t lead, int64_t outer, int64_t length,
                    int64_t inner, const int64_t *indices, int64_t count, void *dst) {
  switch (dtype) {
  case ADJ_F32: add_f32_each(src, lead, outer, length, inner, indices, count, dst); break;
  case ADJ_F64: add_f64_each(src, lead, outer, length, inner, indices, count, dst); break;
  case ADJ_I32: add_i32_each(src, lead, outer, length, inner, indices, count, dst); break;
  case ADJ_I64: add_i64_each(src, lead, outer, length, inner, indices, count, dst); break;
  case ADJ_U8: add_u8_each(src, lead, outer, length, inner, indices, count, dst); break;
  case ADJ_BOOL: or_b8_each(src, lead, outer, length, inner, indices, count, dst); break;
  }
}
