// Transposes of planes, in square blocks.
//
// dst[i, j] = src[j, i] where consecutive j of dst and consecutive i of src are adjacent. A block is as wide
// as a cache line: each line of the source is read once and whole, each of the destination written once
// and whole, by way of a buffer, because with strides that are large powers of two the lines of a
// block fall into one set of the cache and would evict each other between partial accesses.
#include "Transpose.h"
#include <string.h>

typedef uint32_t u32x4 __attribute__((ext_vector_type(4)));
typedef uint64_t u64x2 __attribute__((ext_vector_type(2)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));

static void transpose_block_4(const uint32_t *src, int64_t src_stride, uint32_t *dst, int64_t dst_stride) {
  _Alignas(64) uint32_t buffer[16][16];
  for (int j = 0; j < 16; j += 4) {
    for (int i = 0; i < 16; i += 4) {
      u32x4 a, b, c, d;
      memcpy(&a, src + (j + 0) * src_stride + i, 16);
      memcpy(&b, src + (j + 1) * src_stride + i, 16);
      memcpy(&c, src + (j + 2) * src_stride + i, 16);
      memcpy(&d, src + (j + 3) * src_stride + i, 16);
      u32x4 ac = __builtin_shufflevector(a, c, 0, 4, 1, 5), bd = __builtin_shufflevector(b, d, 0, 4, 1, 5);
      u32x4 AC = __builtin_shufflevector(a, c, 2, 6, 3, 7), BD = __builtin_shufflevector(b, d, 2, 6, 3, 7);
      a = __builtin_shufflevector(ac, bd, 0, 4, 1, 5);
      b = __builtin_shufflevector(ac, bd, 2, 6, 3, 7);
      c = __builtin_shufflevector(AC, BD, 0, 4, 1, 5);
      d = __builtin_shufflevector(AC, BD, 2, 6, 3, 7);
      memcpy(&buffer[i + 0][j], &a, 16);
      memcpy(&buffer[i + 1][j], &b, 16);
      memcpy(&buffer[i + 2][j], &c, 16);
      memcpy(&buffer[i + 3][j], &d, 16);
    }
  }
  for (int i = 0; i < 16; i++) memcpy(dst + i * dst_stride, buffer[i], 64);
}

static void transpose_block_8(const uint64_t *src, int64_t src_stride, uint64_t *dst, int64_t dst_stride) {
  _Alignas(64) uint64_t buffer[8][8];
  for (int j = 0; j < 8; j += 2) {
    for (int i = 0; i < 8; i += 2) {
      u64x2 a, b;
      memcpy(&a, src + (j + 0) * src_stride + i, 16);
      memcpy(&b, src + (j + 1) * src_stride + i, 16);
      u64x2 low = __builtin_shufflevector(a, b, 0, 2), high = __builtin_shufflevector(a, b, 1, 3);
      memcpy(&buffer[i + 0][j], &low, 16);
      memcpy(&buffer[i + 1][j], &high, 16);
    }
  }
  for (int i = 0; i < 8; i++) memcpy(dst + i * dst_stride, buffer[i], 64);
}

// Four rounds of perfect shuffles of 16 rows of 16: each moves one bit of the row's number to the column's.
static void transpose_block_16(const uint8_t *src, int64_t src_stride, uint8_t *dst, int64_t dst_stride) {
  u8x16 rows[16], shuffled[16];
  for (int j = 0; j < 16; j++) memcpy(&rows[j], src + j * src_stride, 16);
  for (int round = 0; round < 4; round++) {
    for (int j = 0; j < 8; j++) {
      shuffled[2 * j] = __builtin_shufflevector(rows[j], rows[j + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      shuffled[2 * j + 1] = __builtin_shufflevector(rows[j], rows[j + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(rows, shuffled, sizeof rows);
  }
  for (int i = 0; i < 16; i++) memcpy(dst + i * dst_stride, &rows[i], 16);
}

static void transpose_block_64(const uint8_t *src, int64_t src_stride, uint8_t *dst, int64_t dst_stride) {
  _Alignas(64) uint8_t buffer[64][64];
  for (int j = 0; j < 64; j += 16)
    for (int i = 0; i < 64; i += 16) transpose_block_16(src + j * src_stride + i, src_stride, &buffer[i][j], 64);
  for (int i = 0; i < 64; i++) memcpy(dst + i * dst_stride, buffer[i], 64);
}

#if defined(__x86_64__)
#define HAS_WIDE_TRANSPOSE 1
typedef uint32_t u32x8 __attribute__((vector_size(32)));

// Eight rows at a time in registers: three rounds of interleaving.
__attribute__((target("avx2"))) static inline void transpose_8x8(const uint32_t *src, int64_t src_stride,
                                                                 uint32_t *dst, int64_t dst_stride) {
  u32x8 a[8], b[8];
  for (int j = 0; j < 8; j++) memcpy(&a[j], src + j * src_stride, 32);
  for (int j = 0; j < 4; j++) {
    b[2 * j] = __builtin_shufflevector(a[j], a[j + 4], 0, 8, 1, 9, 4, 12, 5, 13);
    b[2 * j + 1] = __builtin_shufflevector(a[j], a[j + 4], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  // b[2j]: columns 0, 1 | 4, 5 of rows j, j + 4; b[2j + 1]: columns 2, 3 | 6, 7.
  for (int j = 0; j < 2; j++) {
    for (int half = 0; half < 2; half++) {
      u32x8 low = b[2 * j + half], high = b[2 * (j + 2) + half];
      a[4 * j + 2 * half] = __builtin_shufflevector(low, high, 0, 8, 1, 9, 4, 12, 5, 13);
      a[4 * j + 2 * half + 1] = __builtin_shufflevector(low, high, 2, 10, 3, 11, 6, 14, 7, 15);
    }
  }
  // a[4j + c]: column c | c + 4 of rows j, j + 2, j + 4, j + 6.
  for (int c = 0; c < 4; c++) {
    u32x8 even = a[c], odd = a[4 + c];
    u32x8 low = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 4, 12, 5, 13);
    u32x8 high = __builtin_shufflevector(even, odd, 2, 10, 3, 11, 6, 14, 7, 15);
    u32x8 column = __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11);
    u32x8 column4 = __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
    memcpy(dst + c * dst_stride, &column, 32);
    memcpy(dst + (c + 4) * dst_stride, &column4, 32);
  }
}

__attribute__((target("avx2"))) static void transpose_block_4_wide(const uint32_t *src, int64_t src_stride,
                                                                   uint32_t *dst, int64_t dst_stride) {
  transpose_8x8(src, src_stride, dst, dst_stride);
  transpose_8x8(src + 8, src_stride, dst + 8 * dst_stride, dst_stride);
  transpose_8x8(src + 8 * src_stride, src_stride, dst + 8, dst_stride);
  transpose_8x8(src + 8 * src_stride + 8, src_stride, dst + 8 * dst_stride + 8, dst_stride);
}
#endif

// A plane of `height` rows and `width` columns of dst; dst's columns and src's rows are adjacent. The
// strides are those along the other axis. REST does what is less than a block.
#define TRANSPOSE_PLANE(NAME, T, BLOCK, KERNEL, REST) \
  static void NAME(const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t height, int64_t width) { \
    const T *s = src; \
    T *d = dst; \
    int64_t whole_height = height - height % BLOCK, whole_width = width - width % BLOCK; \
    for (int64_t i = 0; i < whole_height; i += BLOCK) { \
      for (int64_t j = 0; j < whole_width; j += BLOCK) \
        KERNEL(s + j * src_stride + i, src_stride, d + i * dst_stride + j, dst_stride); \
    } \
    if (whole_width < width && whole_height > 0) \
      REST(s + whole_width * src_stride, src_stride, d + whole_width, dst_stride, whole_height, width - whole_width); \
    if (whole_height < height) \
      REST(s + whole_height, src_stride, d + whole_height * dst_stride, dst_stride, height - whole_height, width); \
  }
#define TRANSPOSE_REST(NAME, T) \
  static void NAME(const T *s, int64_t src_stride, T *d, int64_t dst_stride, int64_t height, int64_t width) { \
    for (int64_t i = 0; i < height; i++) \
      for (int64_t j = 0; j < width; j++) d[i * dst_stride + j] = s[j * src_stride + i]; \
  }
TRANSPOSE_REST(transpose_rest_1, uint8_t)
TRANSPOSE_REST(transpose_rest_4, uint32_t)
TRANSPOSE_REST(transpose_rest_8, uint64_t)
TRANSPOSE_PLANE(transpose_plane_16, uint8_t, 16, transpose_block_16, transpose_rest_1)
TRANSPOSE_PLANE(transpose_plane_1, uint8_t, 64, transpose_block_64, transpose_plane_16)
TRANSPOSE_PLANE(transpose_plane_4, uint32_t, 16, transpose_block_4, transpose_rest_4)
#ifdef HAS_WIDE_TRANSPOSE
TRANSPOSE_PLANE(transpose_plane_4_wide, uint32_t, 16, transpose_block_4_wide, transpose_rest_4)
#endif
TRANSPOSE_PLANE(transpose_plane_8, uint64_t, 8, transpose_block_8, transpose_rest_8)
#undef TRANSPOSE_PLANE
#undef TRANSPOSE_REST

void adj_transpose_plane(size_t element_size, const void *src, int64_t src_stride, void *dst, int64_t dst_stride,
                         int64_t height, int64_t width) {
#ifdef HAS_WIDE_TRANSPOSE
  if (element_size == 4 && __builtin_cpu_supports("avx2")) {
    transpose_plane_4_wide(src, src_stride, dst, dst_stride, height, width);
    return;
  }
#endif
  if (element_size == 4) transpose_plane_4(src, src_stride, dst, dst_stride, height, width);
  else if (element_size == 8) transpose_plane_8(src, src_stride, dst, dst_stride, height, width);
  else transpose_plane_1(src, src_stride, dst, dst_stride, height, width);
}
