// Products of matrices by tiles, for processors with AVX-512: 24 of 32 registers hold sums. Small products that need no
// packing, and those far larger than the second-level cache, are as fast in BLAS or faster.
#include "include/adj_product.h"
#include "ThreadRecord.h"
#include "Transpose.h"
#include "include/adj_pointwise.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__OPTIMIZE__)
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define LINE 64
// A tile: 24 vectors of sums; a row of b is four more, and a number of a one.
#define ROWS 6
#define VECTORS 4
#define DEPTH 256 // terms of a run, which stay in the sums
// Packed panels of a block, and rows that pass by all of them before the next rows do: half of a second-level cache.
#define PANELS 4
#define BYTES_OF_PANELS ((int64_t)(PANELS * DEPTH * VECTORS * LINE))
#define BYTES_OF_ROWS ((int64_t)(40 * ROWS * DEPTH * 4))
// Of a right operand with few columns: half of a nearest cache.
#define THIN_BYTES 16384
#define EACH_VECTORS(M, R) M(R, 1) M(R, 2) M(R, 3) M(R, 4)
#define EACH_TILE(M) \
  EACH_VECTORS(M, 1) EACH_VECTORS(M, 2) EACH_VECTORS(M, 3) EACH_VECTORS(M, 4) EACH_VECTORS(M, 5) EACH_VECTORS(M, 6)
#define MASK(count) ((1u << (count)) - 1)

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#define T float
#define WIDTH 16
#define NAME(x) x##_f32_avx512
#define LOAD_PART(p, count) _mm512_maskz_loadu_ps((__mmask16)MASK(count), p)
#define STORE_PART(p, count, v) _mm512_mask_storeu_ps(p, (__mmask16)MASK(count), v)
#include "ProductTile.h"
#include "ThinProduct.h"
#undef T
#undef WIDTH
#undef NAME
#undef LOAD_PART
#undef STORE_PART
#define T double
#define WIDTH 8
#define NAME(x) x##_f64_avx512
#define LOAD_PART(p, count) _mm512_maskz_loadu_pd((__mmask8)MASK(count), p)
#define STORE_PART(p, count, v) _mm512_mask_storeu_pd(p, (__mmask8)MASK(count), v)
#include "ProductTile.h"
#include "ThinProduct.h"
#undef T
#undef WIDTH
#undef NAME
#undef LOAD_PART
#undef STORE_PART
#pragma clang attribute pop

bool adj_has_tiles(void) { return strcmp(adj_isa_name(), "avx512") == 0; }

// Kept for the thread's next product, until it ends; null where there is no memory.
static void *own_memory(void) {
  adj_thread_record *record = adj_record();
  if (!record->product_memory) record->product_memory = aligned_alloc(LINE, BYTES_OF_PANELS + BYTES_OF_ROWS);
  return record->product_memory;
}

bool adj_multiply_tiles(adj_dtype dtype, const adj_product *product) {
  void *memory = adj_has_tiles() ? own_memory() : NULL;
  if (!memory) return false;
  if (dtype == ADJ_F32) multiply_f32_avx512(product, memory);
  else multiply_f64_avx512(product, memory);
  return true;
}

bool adj_multiply_thin(adj_dtype dtype, const adj_product *product) {
  void *memory = adj_has_tiles() && product->transposes_b ? own_memory() : NULL;
  if (!adj_has_tiles() || (product->transposes_b && !memory)) return false;
  if (dtype == ADJ_F32) multiply_thin_f32_avx512(product, memory);
  else multiply_thin_f64_avx512(product, memory);
  return true;
}

#else

bool adj_has_tiles(void) { return false; }

bool adj_multiply_thin(adj_dtype dtype, const adj_product *product) {
  (void)dtype, (void)product;
  return false;
}

bool adj_multiply_tiles(adj_dtype dtype, const adj_product *product) {
  (void)dtype, (void)product;
  return false;
}

#endif
