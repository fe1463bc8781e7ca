// Counter-based random numbers.
//
// The stream. Philox4x32-10 (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC'11) maps a counter of four 32-bit words and a key of two to a block of four words, by
// ten rounds of
//   (c0, c1, c2, c3) <- (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0))
// with M0 = 0xD2511F53, M1 = 0xCD9E8D57, after each of which k0 += 0x9E3779B9 and k1 += 0xBB67AE85. Here
//   key  = (key's low 32 bits, key's high 32 bits)
//   c0.. = (counter's low, counter's high, stream's low, stream's high)
// and word w of (key, stream, counter) is word w % 4 of the block of counter + w / 4 (modulo 2^64).
//
// From words to numbers, element i (all in float64, rounded to the dtype at the end):
//   float32   W = word i:                          uniform u = (W >> 8) / 2^24
//                                                  normal  p = (W + 1/2) / 2^32
//   float64   W = word 2i + 2^32 * word (2i + 1):  uniform u = (W >> 11) / 2^53
//                                                  normal  p = ((W >> 11) + 1/2) / 2^53
//   uniform   low + (high - low) * u; where that rounds to less than low or to high or more, the dtype's nearest
//             number inside (a range above the largest float64 is halved for the sum, which is doubled)
//   normal    mean + deviation * quantile(p), the quantile by M. J. Wichura, "Algorithm AS 241: The percentage
//             points of the normal distribution", Applied Statistics 37 (1988), PPND16
//   bernoulli 1 if word i < round(probability * 2^32), else 0
//   integers  low + floor(W * (high - low) / 2^64), W as for float64
//   permutation  0 ..< n; for t = 0, 1 ... n - 2 and j = n - 1 - t, elements j and floor(W * (j + 1) / 2^64) change
//             places, W the t-th pair of words (R. Durstenfeld, "Algorithm 235", CACM 7, 1964)
//
// Nothing but integer arithmetic and the operations + - * / sqrt of IEEE 754 is used, never contracted, so that
// every machine gives the same bits.
#include "Convert.h"
#include "include/adj_pointwise.h"
#include "include/adj_random.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pairs of words are stored as one word of 64 bits: the byte order must be little-endian"
#endif

#define PHILOX_M0 UINT32_C(0xD2511F53)
#define PHILOX_M1 UINT32_C(0xCD9E8D57)
#define PHILOX_W0 UINT32_C(0x9E3779B9)
#define PHILOX_W1 UINT32_C(0xBB67AE85)

#define CHUNK 512 // elements that are made at a time, in buffers that stay in the first-level cache

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#define NAME(x) x##_avx512
#define WIDTH 8
#include "RandomBlocks.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define NAME(x) x##_avx2
#define WIDTH 4
#include "RandomBlocks.h"
#pragma clang attribute pop
#endif
#define NAME(x) x##_portable
#define WIDTH 2
#include "RandomBlocks.h"

typedef struct kernels {
  void (*blocks)(uint64_t key, uint64_t stream, uint64_t counter, uint64_t *dst, int64_t blocks);
  void (*normals_f32)(const uint32_t *words, int64_t count, double mean, double deviation, float *dst);
  void (*normals_f64)(const uint64_t *words, int64_t count, double mean, double deviation, double *dst);
} kernels;

static kernels choose(void) {
#if defined(__x86_64__)
  const char *isa = adj_isa_name();
  if (strcmp(isa, "avx512") == 0) return (kernels){philox_blocks_avx512, normals_f32_avx512, normals_f64_avx512};
  if (strcmp(isa, "avx2") == 0) return (kernels){philox_blocks_avx2, normals_f32_avx2, normals_f64_avx2};
#endif
  return (kernels){philox_blocks_portable, normals_f32_portable, normals_f64_portable};
}

// A place in the stream, read a chunk at a time.
typedef struct source {
  uint64_t key, stream, counter;
  kernels use;
} source;

static source open_source(uint64_t key, uint64_t stream, uint64_t counter) {
  return (source){key, stream, counter, choose()};
}

// The next `count` words, 64-bit pairs or 32-bit words as the caller looks at them. `pairs` has room for what the
// count is rounded up to, eight blocks.
static void next_words(source *from, uint64_t *pairs, int64_t count) {
  int64_t blocks = (count + 31) / 32 * 8;
  from->use.blocks(from->key, from->stream, from->counter, pairs, blocks);
  from->counter += (uint64_t)(count + 3) / 4;
}

static uint64_t blocks_of(uint64_t words) { return words / 4 + (words % 4 != 0); }

void adj_philox(uint64_t key, uint64_t stream, uint64_t counter, uint32_t *dst, int64_t count) {
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  for (int64_t i = 0; i < count; i += 2 * CHUNK) {
    int64_t n = count - i < 2 * CHUNK ? count - i : 2 * CHUNK;
    next_words(&from, pairs, n);
    memcpy(dst + i, pairs, (size_t)n * 4);
  }
}

// The neighbours of finite numbers (and of infinities, towards 0).
static double below_f64(double x) {
  int64_t bits;
  if (x == 0) return -0x1p-1074;
  memcpy(&bits, &x, 8);
  bits += x > 0 ? -1 : 1;
  memcpy(&x, &bits, 8);
  return x;
}
static float below_f32(float x) {
  int32_t bits;
  if (x == 0) return -0x1p-149f;
  memcpy(&bits, &x, 4);
  bits += x > 0 ? -1 : 1;
  memcpy(&x, &bits, 4);
  return x;
}
static float above_f32(float x) { return -below_f32(-x); }

// low + (high - low) u without overflow: a range that no float64 holds is computed at half its size. The factor of
// all others, 1, changes nothing.
typedef struct interval {
  double low, range, factor;
} interval;

static interval open_interval(double low, double high) {
  double range = high - low;
  if (range <= 0x1.fffffffffffffp1023) return (interval){low, range, 1};
  return (interval){low / 2, high / 2 - low / 2, 2};
}

// What a float32 may be, so that low <= x < high holds for the bounds as they are and (unless that leaves nothing)
// for the bounds rounded to float32.
static void float32_bounds(double low, double high, float *least, float *most) {
  *least = (float)low;
  if ((double)*least < low) *least = above_f32(*least);
  *most = below_f32((float)high);
  if (!(*most >= *least)) *most = *least;
}

uint64_t adj_random_uniform(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double low, double high, void *dst) {
  if (count <= 0 || (dtype != ADJ_F32 && dtype != ADJ_F64)) return 0;
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  interval in = open_interval(low, high);
  if (dtype == ADJ_F32) {
    float least, most;
    float32_bounds(low, high, &least, &most);
    for (int64_t i = 0; i < count; i += CHUNK) {
      int64_t n = count - i < CHUNK ? count - i : CHUNK;
      float *d = (float *)dst + i;
      next_words(&from, pairs, n);
      uint32_t words[CHUNK];
      memcpy(words, pairs, (size_t)n * 4);
      for (int64_t j = 0; j < n; j++) {
        // Without the factor: a sum of parts of a range that needs one is 0 or far beyond the largest float32.
        float x = (float)(in.low + in.range * ((double)(int32_t)(words[j] >> 8) * 0x1p-24));
        x = x < least ? least : x;
        d[j] = x > most ? most : x;
      }
    }
    return blocks_of((uint64_t)count);
  }
  double most = below_f64(high);
  if (!(most >= low)) most = low;
  for (int64_t i = 0; i < count; i += CHUNK) {
    int64_t n = count - i < CHUNK ? count - i : CHUNK;
    double *d = (double *)dst + i;
    next_words(&from, pairs, 2 * n);
    for (int64_t j = 0; j < n; j++) {
      // 53 bits in two halves, each of which becomes a float64 exactly in vector code too.
      uint64_t w = pairs[j] >> 11;
      double u = (double)(int32_t)(w >> 27) * 0x1p-26 + (double)(int32_t)(w & 0x7ffffff) * 0x1p-53;
      double x = (in.low + in.range * u) * in.factor; // never below low, since rounding keeps order
      d[j] = x > most ? most : x;
    }
  }
  return blocks_of(2 * (uint64_t)count);
}

uint64_t adj_random_normal(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double mean, double deviation, void *dst) {
  if (count <= 0 || (dtype != ADJ_F32 && dtype != ADJ_F64)) return 0;
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  for (int64_t i = 0; i < count; i += CHUNK) {
    int64_t n = count - i < CHUNK ? count - i : CHUNK;
    if (dtype == ADJ_F32) {
      uint32_t words[CHUNK];
      next_words(&from, pairs, n);
      memcpy(words, pairs, (size_t)(n + 31) / 32 * 128);
      from.use.normals_f32(words, n, mean, deviation, (float *)dst + i);
    } else {
      next_words(&from, pairs, 2 * n);
      from.use.normals_f64(pairs, n, mean, deviation, (double *)dst + i);
    }
  }
  return blocks_of((uint64_t)count * (dtype == ADJ_F32 ? 1 : 2));
}

uint64_t adj_random_bernoulli(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double probability, void *dst) {
  if (count <= 0) return 0;
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  // NaN and negative probabilities count as 0. The threshold 2^32 is above all words.
  uint64_t threshold = probability >= 1 ? UINT64_C(1) << 32 : probability > 0 ? (uint64_t)(probability * 0x1p32 + 0.5) : 0;
  bool always = threshold > UINT32_MAX;
  uint32_t limit = (uint32_t)threshold;
  size_t size = adj_element_size(dtype);
  for (int64_t i = 0; i < count; i += CHUNK) {
    int64_t n = count - i < CHUNK ? count - i : CHUNK;
    void *d = (char *)dst + (size_t)i * size;
    uint32_t words[CHUNK];
    next_words(&from, pairs, n);
    memcpy(words, pairs, (size_t)n * 4);
#define WRITE(T) for (int64_t j = 0; j < n; j++) ((T *)d)[j] = (T)((words[j] < limit) | always);
    switch (dtype) {
    case ADJ_F32: WRITE(float) break;
    case ADJ_F64: WRITE(double) break;
    case ADJ_I32: WRITE(int32_t) break;
    case ADJ_I64: WRITE(int64_t) break;
    case ADJ_U8: case ADJ_BOOL: WRITE(uint8_t) break;
    }
#undef WRITE
  }
  return blocks_of((uint64_t)count);
}

static inline uint64_t scale_word(uint64_t word, uint64_t range) {
  return (uint64_t)((unsigned __int128)word * range >> 64);
}

uint64_t adj_random_integers(uint64_t key, uint64_t stream, uint64_t counter, int64_t low, int64_t high, int64_t count, int64_t *dst) {
  if (count <= 0) return 0;
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  uint64_t range = high > low ? (uint64_t)high - (uint64_t)low : 0; // an empty range gives low
  for (int64_t i = 0; i < count; i += CHUNK) {
    int64_t n = count - i < CHUNK ? count - i : CHUNK;
    next_words(&from, pairs, 2 * n);
    for (int64_t j = 0; j < n; j++) dst[i + j] = (int64_t)((uint64_t)low + scale_word(pairs[j], range));
  }
  return blocks_of(2 * (uint64_t)count);
}

uint64_t adj_random_permutation(uint64_t key, uint64_t stream, uint64_t counter, int64_t count, int64_t *dst) {
  if (count <= 0) return 0;
  source from = open_source(key, stream, counter);
  _Alignas(64) uint64_t pairs[CHUNK];
  for (int64_t i = 0; i < count; i++) dst[i] = i;
  int64_t steps = count - 1;
  for (int64_t t = 0; t < steps; t += CHUNK) {
    int64_t n = steps - t < CHUNK ? steps - t : CHUNK;
    next_words(&from, pairs, 2 * n);
    for (int64_t i = 0; i < n; i++) {
      int64_t j = count - 1 - (t + i), other = (int64_t)scale_word(pairs[i], (uint64_t)j + 1);
      int64_t swap = dst[j];
      dst[j] = dst[other];
      dst[other] = swap;
    }
  }
  return blocks_of(2 * (uint64_t)steps);
}
