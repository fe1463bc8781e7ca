// Positions of the elements that are not zero.
#include "Convert.h"
#include "include/adj_index.h"
#include <string.h>

// The bits of 64 flags (bytes that are 0 or 1), the first lowest. The product moves the lowest bit of byte
// j of a word to bit 56 + j without carries between them.
static inline uint64_t pack_flags(const uint8_t *flags) {
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++) {
    uint64_t word;
    memcpy(&word, flags + 8 * i, 8);
    bits |= (word * 0x0102040810204080u >> 56) << (8 * i);
  }
  return bits;
}

#define NONZERO(NAME, T) \
  static int64_t NAME(const T *src, int64_t count, int64_t *dst) { \
    int64_t found = 0, i = 0; \
    if (dst == NULL) { \
      for (; i < count; i++) found += src[i] != 0; \
      return found; \
    } \
    for (; i + 64 <= count; i += 64) { \
      uint8_t flags[64]; \
      for (int j = 0; j < 64; j++) flags[j] = src[i + j] != 0; \
      uint64_t bits = pack_flags(flags); \
      if (bits == UINT64_MAX) { \
        for (int j = 0; j < 64; j++) dst[found + j] = i + j; \
        found += 64; \
      } else { \
        for (; bits != 0; bits &= bits - 1) dst[found++] = i + __builtin_ctzll(bits); \
      } \
    } \
    for (; i < count; i++) \
      if (src[i] != 0) dst[found++] = i; \
    return found; \
  }
NONZERO(nonzero_f32, float)
NONZERO(nonzero_f64, double)
NONZERO(nonzero_i32, int32_t)
NONZERO(nonzero_i64, int64_t)
NONZERO(nonzero_u8, uint8_t)
#undef NONZERO

int64_t adj_nonzero(adj_dtype dtype, const void *src, int64_t count, int64_t *dst) {
  switch (dtype) {
  case ADJ_F32: return nonzero_f32(src, count, dst);
  case ADJ_F64: return nonzero_f64(src, count, dst);
  case ADJ_I32: return nonzero_i32(src, count, dst);
  case ADJ_I64: return nonzero_i64(src, count, dst);
  default: return nonzero_u8(src, count, dst);
  }
}
