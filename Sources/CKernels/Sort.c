// Stable sort of each line of an array along one axis.
//
// Values are mapped to unsigned keys of the same order (for floats, the classical change of the sign bit, or of
// all bits of negative numbers: M. Herf, "Radix tricks", 2001), so that one sort of integers serves all
// dtypes and directions. Short lines are sorted by insertion and merging, long ones by a radix sort from the
// least significant byte (Knuth, TAOCP 3, 5.2.5), which is stable; bytes in which all keys agree are skipped.
#include "Convert.h"
#include "include/adj_index.h"
#include "include/adj_memory.h"
#include <string.h>

typedef struct entry {
  uint64_t key, position;
} entry;

// ---- Keys: -0 equals 0, NaN is above everything ----

static inline uint64_t key_f32(float x) {
  uint32_t bits;
  if (x != x) return UINT32_MAX;
  x += 0.0f; // -0 becomes 0
  memcpy(&bits, &x, 4);
  return bits ^ (bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31);
}
static inline uint64_t key_f64(double x) {
  uint64_t bits;
  if (x != x) return UINT64_MAX;
  x += 0.0;
  memcpy(&bits, &x, 8);
  return bits ^ (bits >> 63 ? UINT64_MAX : UINT64_C(1) << 63);
}
static inline uint64_t key_i32(int32_t x) { return (uint32_t)x ^ (UINT32_C(1) << 31); }
static inline uint64_t key_i64(int64_t x) { return (uint64_t)x ^ (UINT64_C(1) << 63); }
static inline uint64_t key_u8(uint8_t x) { return x; }

// ---- Sorting ----

// Below this many elements the radix sort's passes over its counters cost more than comparisons do.
#define RADIX_MIN 512
#define RUN 16

// Two element types: a key of at most 32 bits and its position in one word, which compare as one number;
// and a key of 64 bits with its position. BEFORE(a, b): a must come before b, false for equals.
#define SORT(NAME, T, BEFORE, DIGIT) \
  static void NAME##_insertion(T *items, int64_t count) { \
    for (int64_t i = 1; i < count; i++) { \
      T item = items[i]; \
      int64_t j = i; \
      for (; j > 0 && BEFORE(item, items[j - 1]); j--) items[j] = items[j - 1]; \
      items[j] = item; \
    } \
  } \
  /* Sorts items with the help of spare; returns the one that holds the result. */ \
  static T *NAME##_merge(T *items, T *spare, int64_t count) { \
    for (int64_t i = 0; i < count; i += RUN) NAME##_insertion(items + i, count - i < RUN ? count - i : RUN); \
    for (int64_t run = RUN; run < count; run *= 2) { \
      for (int64_t start = 0; start < count; start += 2 * run) { \
        int64_t middle = count - start < run ? count : start + run; \
        int64_t end = count - start < 2 * run ? count : start + 2 * run; \
        const T *a = items + start, *b = items + middle, *a_end = b, *b_end = items + end; \
        T *out = spare + start; \
        while (a < a_end && b < b_end) { /* without a branch on the comparison, which is unpredictable */ \
          bool second = BEFORE(*b, *a); \
          *out++ = second ? *b : *a; \
          b += second; \
          a += !second; \
        } \
        memcpy(out, a, (size_t)(a_end - a) * sizeof(T)); \
        memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof(T)); \
      } \
      T *swap = items; \
      items = spare; \
      spare = swap; \
    } \
    return items; \
  } \
  static T *NAME(T *items, T *spare, int64_t count, int digits) { \
    if (count < RADIX_MIN) return NAME##_merge(items, spare, count); \
    int64_t counts[8][256]; \
    memset(counts, 0, (size_t)digits * sizeof counts[0]); \
    for (int64_t i = 0; i < count; i++) \
      for (int digit = 0; digit < digits; digit++) counts[digit][DIGIT(items[i], digit)]++; \
    for (int digit = 0; digit < digits; digit++) { \
      int64_t *at = counts[digit], sum = 0; \
      if (at[DIGIT(items[0], digit)] == count) continue; \
      for (int i = 0; i < 256; i++) { \
        int64_t n = at[i]; \
        at[i] = sum; \
        sum += n; \
      } \
      for (int64_t i = 0; i < count; i++) spare[at[DIGIT(items[i], digit)]++] = items[i]; \
      T *swap = items; \
      items = spare; \
      spare = swap; \
    } \
    return items; \
  }
#define WORD_BEFORE(a, b) ((a) < (b))
#define WORD_DIGIT(x, digit) ((x) >> (32 + 8 * (digit)) & 255)
#define ENTRY_BEFORE(a, b) ((a).key < (b).key)
#define ENTRY_DIGIT(x, digit) ((x).key >> (8 * (digit)) & 255)
SORT(sort_words, uint64_t, WORD_BEFORE, WORD_DIGIT)
SORT(sort_entries, entry, ENTRY_BEFORE, ENTRY_DIGIT)
#undef SORT

// ---- Lines of each dtype ----

// Lines that are not contiguous are read and written several at a time, a piece of a cache line in each row.
#define GROUP 16

#define SORT_LINES(NAME, T, KEY, DIGITS) \
  static void NAME(const T *src, int64_t outer, int64_t length, int64_t inner, bool descending, T *dst, \
                   int64_t *order, void *space) { \
    bool words = (DIGITS) <= 4 && length <= (int64_t)UINT32_MAX; \
    int64_t group = inner < GROUP ? inner : GROUP; \
    uint64_t flip = !descending ? 0 : (DIGITS) == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * ((DIGITS) % 8))) - 1; \
    for (int64_t o = 0; o < outer; o++) { \
      for (int64_t first = 0; first < inner; first += group) { \
        int64_t width = inner - first < group ? inner - first : group; \
        const T *s = src + o * length * inner + first; \
        T *d = dst == NULL ? NULL : dst + o * length * inner + first; \
        int64_t *p = order == NULL ? NULL : order + o * length * inner + first; \
        if (words) { \
          uint64_t *lines = space, *spare = lines + group * length, *sorted[GROUP]; \
          for (int64_t k = 0; k < length; k++) \
            for (int64_t i = 0; i < width; i++) \
              lines[i * length + k] = (KEY(s[k * inner + i]) ^ flip) << 32 | (uint64_t)k; \
          for (int64_t i = 0; i < width; i++) \
            sorted[i] = sort_words(lines + i * length, spare + i * length, length, DIGITS); \
          for (int64_t k = 0; k < length; k++) { \
            for (int64_t i = 0; i < width; i++) { \
              int64_t position = (int64_t)(uint32_t)sorted[i][k]; \
              if (d != NULL) d[k * inner + i] = s[position * inner + i]; \
              if (p != NULL) p[k * inner + i] = position; \
            } \
          } \
        } else { \
          entry *lines = space, *spare = lines + group * length, *sorted[GROUP]; \
          for (int64_t k = 0; k < length; k++) \
            for (int64_t i = 0; i < width; i++) \
              lines[i * length + k] = (entry){KEY(s[k * inner + i]) ^ flip, (uint64_t)k}; \
          for (int64_t i = 0; i < width; i++) \
            sorted[i] = sort_entries(lines + i * length, spare + i * length, length, DIGITS); \
          for (int64_t k = 0; k < length; k++) { \
            for (int64_t i = 0; i < width; i++) { \
              int64_t position = (int64_t)sorted[i][k].position; \
              if (d != NULL) d[k * inner + i] = s[position * inner + i]; \
              if (p != NULL) p[k * inner + i] = position; \
            } \
          } \
        } \
      } \
    } \
  }
SORT_LINES(sort_f32, float, key_f32, 4)
SORT_LINES(sort_f64, double, key_f64, 8)
SORT_LINES(sort_i32, int32_t, key_i32, 4)
SORT_LINES(sort_i64, int64_t, key_i64, 8)
SORT_LINES(sort_u8, uint8_t, key_u8, 1)
#undef SORT_LINES

void adj_sort(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
              bool descending, void *dst, int64_t *order) {
  if (outer <= 0 || length <= 0 || inner <= 0) return;
  size_t capacity, group = inner < GROUP ? (size_t)inner : GROUP;
  void *space = adj_allocate(2 * group * (size_t)length * sizeof(entry), &capacity);
  if (space == NULL) __builtin_trap(); // no memory for a sort of what is in memory: nothing sensible is left
  switch (dtype) {
  case ADJ_F32: sort_f32(src, outer, length, inner, descending, dst, order, space); break;
  case ADJ_F64: sort_f64(src, outer, length, inner, descending, dst, order, space); break;
  case ADJ_I32: sort_i32(src, outer, length, inner, descending, dst, order, space); break;
  case ADJ_I64: sort_i64(src, outer, length, inner, descending, dst, order, space); break;
  case ADJ_U8:
  case ADJ_BOOL: sort_u8(src, outer, length, inner, descending, dst, order, space); break;
  }
  adj_free(space, capacity);
}
