// Checks the kernels of memory, threads, indices, sorting, softmax and random numbers against plain versions.
//
//   clang -O2 -std=gnu17 -ISources/CKernels/include Tests/KernelChecks/memory_check.c \
//     Sources/CKernels/*.c -lm -lpthread -o memory_check && ./memory_check
//
// Add -fsanitize=address,undefined or -fsanitize=thread; add Sources/CKernels/Pointwise/*.c to check with the
// run-time choice of instruction set that the package has. Argument "bench" prints timings instead.
#include "CKernels.h"
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Stand-ins, used where the pointwise kernels are not linked.
static const char *chosen_isa = NULL;
__attribute__((weak)) bool adj_isa_select(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) { chosen_isa = "avx512"; return true; }
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { chosen_isa = "avx2"; return true; }
#endif
  if (strcmp(name, "portable") == 0) { chosen_isa = "portable"; return true; }
  return false;
}
__attribute__((weak)) const char *adj_isa_name(void) {
  if (chosen_isa == NULL && !adj_isa_select("avx512") && !adj_isa_select("avx2")) adj_isa_select("portable");
  return chosen_isa;
}

static const char *const isas[3] = {"portable", "avx2", "avx512"};
static int failures;
static bool plain_allocator; // under AddressSanitizer nothing is cached

#define CHECK(condition, ...) \
  do { \
    if (!(condition)) { \
      if (failures++ < 40) { \
        printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
        printf(__VA_ARGS__); \
        printf("\n"); \
      } \
    } \
  } while (0)

// A small generator of the test's own (xorshift64*), so that the kernels' is not checked by itself.
static uint64_t seed = 88172645463325252u;
static uint64_t draw(void) {
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return seed * 2685821657736338717u;
}
static int64_t below(int64_t n) { return (int64_t)(draw() % (uint64_t)n); }

static size_t size_of(int dtype) { return dtype == ADJ_F32 || dtype == ADJ_I32 ? 4 : dtype == ADJ_F64 || dtype == ADJ_I64 ? 8 : 1; }

static uint64_t fnv(const void *data, size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
  return hash;
}

// Memory between guard bytes, exactly as long as asked for.
typedef struct guarded {
  uint8_t *start, *data;
  size_t bytes;
} guarded;
static guarded guard(size_t bytes) {
  guarded g = {malloc(bytes + 128), NULL, bytes};
  memset(g.start, 0xA5, bytes + 128);
  g.data = g.start + 64;
  return g;
}
static void unguard(guarded g, const char *what) {
  for (size_t i = 0; i < 64; i++)
    CHECK(g.start[i] == 0xA5 && g.data[g.bytes + i] == 0xA5, "%s wrote outside its array", what);
  free(g.start);
}

// ---- Elements as the plain versions see them ----

typedef struct number {
  double f;
  int64_t i;
  bool is_float;
} number;

static number get(const void *data, int dtype, int64_t at) {
  switch (dtype) {
  case ADJ_F32: return (number){((const float *)data)[at], 0, true};
  case ADJ_F64: return (number){((const double *)data)[at], 0, true};
  case ADJ_I32: return (number){0, ((const int32_t *)data)[at], false};
  case ADJ_I64: return (number){0, ((const int64_t *)data)[at], false};
  default: return (number){0, ((const uint8_t *)data)[at], false};
  }
}

static int64_t saturate(double x, double low, double high, int64_t least, int64_t most) {
  if (x != x) return 0;
  if (x >= high) return most;
  if (x < low) return least;
  return (int64_t)x;
}

static void put(void *data, int dtype, int64_t at, number x) {
  switch (dtype) {
  case ADJ_F32: ((float *)data)[at] = x.is_float ? (float)x.f : (float)x.i; break;
  case ADJ_F64: ((double *)data)[at] = x.is_float ? x.f : (double)x.i; break;
  case ADJ_I32: ((int32_t *)data)[at] = x.is_float ? (int32_t)saturate(x.f, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX) : (int32_t)(uint64_t)x.i; break;
  case ADJ_I64: ((int64_t *)data)[at] = x.is_float ? saturate(x.f, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX) : x.i; break;
  case ADJ_U8: ((uint8_t *)data)[at] = x.is_float ? (uint8_t)saturate(x.f, 0, 256, 0, 255) : (uint8_t)x.i; break;
  default: ((uint8_t *)data)[at] = x.is_float ? x.f != 0 : x.i != 0; break;
  }
}

// Values with everything that is special among them.
static void randomize(void *data, int dtype, int64_t count, bool specials) {
  static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e300, -1e300, 2147483647.5, 2147483648.0,
    -2147483648.0, -2147483649.0, 9.3e18, -9.3e18, 255.5, 256, -0.5, 1e-320};
  for (int64_t i = 0; i < count; i++) {
    if (dtype == ADJ_BOOL) { ((uint8_t *)data)[i] = draw() & 1; continue; }
    number x = {0, (int64_t)draw(), false};
    if (dtype == ADJ_F32 || dtype == ADJ_F64) {
      x.is_float = true;
      x.f = specials && below(4) == 0 ? special[below(sizeof special / sizeof *special)] : ((double)x.i) * 0x1p-56;
    }
    put(data, dtype, i, x);
  }
}

// ---- Copies ----

static void check_copy(void) {
  for (int round = 0; round < 6000; round++) {
    int from = (int)below(6), to = below(3) == 0 ? (int)below(6) : from;
    int rank = (int)below(round % 10 == 0 ? 9 : 5);
    int64_t shape[8], total = 1, budget = round % 7 == 0 ? 40000 : 2000;
    for (int i = 0; i < rank; i++) {
      shape[i] = below(6) == 0 ? 1 : 1 + below(i >= rank - 2 ? 70 : 5);
      if (total * shape[i] > budget) shape[i] = 1;
      total *= shape[i];
    }
    adj_view views[2];
    guarded memory[2];
    for (int side = 0; side < 2; side++) {
      int dtype = side == 0 ? from : to;
      int order[8];
      for (int i = 0; i < rank; i++) order[i] = i;
      int kind = (int)below(4); // contiguous, permuted, permuted with gaps and reversals, the same with broadcasts
      if (kind > 0)
        for (int i = rank - 1; i > 0; i--) {
          int j = (int)below(i + 1), t = order[i];
          order[i] = order[j];
          order[j] = t;
        }
      int64_t extent = 1, offset = 0;
      for (int i = rank - 1; i >= 0; i--) {
        int axis = order[i];
        if (side == 0 && kind == 3 && below(3) == 0) {
          views[side].strides[axis] = 0;
          continue;
        }
        int64_t step = kind >= 2 && below(4) == 0 ? 2 : 1;
        views[side].strides[axis] = extent * step;
        extent = extent * step * shape[axis];
        if (kind >= 2 && below(4) == 0) {
          offset += views[side].strides[axis] * (shape[axis] - 1);
          views[side].strides[axis] *= -1;
        }
      }
      memory[side] = guard((size_t)extent * size_of(dtype));
      randomize(memory[side].data, dtype, extent, true);
      views[side].data = memory[side].data + (size_t)offset * size_of(dtype);
      views[side].dtype = dtype;
    }
    int64_t begin = 0, end = total;
    if (below(2) == 0) {
      begin = below(total);
      end = begin + below(total - begin + 1);
    }
    void *expected = malloc(memory[1].bytes);
    memcpy(expected, memory[1].data, memory[1].bytes);
    char *expected_origin = (char *)expected + ((char *)views[1].data - (char *)memory[1].data);
    for (int64_t k = begin; k < end; k++) {
      int64_t rest = k, s = 0, d = 0;
      for (int i = rank - 1; i >= 0; i--) {
        s += rest % shape[i] * views[0].strides[i];
        d += rest % shape[i] * views[1].strides[i];
        rest /= shape[i];
      }
      if (from == to) memcpy(expected_origin + d * (int64_t)size_of(to), (char *)views[0].data + s * (int64_t)size_of(to), size_of(to));
      else put(expected_origin, to, d, get(views[0].data, from, s));
    }
    adj_copy(rank, shape, &views[0], &views[1], begin, end);
    if (from == to || (to != ADJ_F32 && to != ADJ_F64)) {
      CHECK(memcmp(expected, memory[1].data, memory[1].bytes) == 0, "copy %d -> %d rank %d round %d", from, to, rank, round);
    } else { // conversions may give NaN another payload
      for (int64_t i = 0; i < (int64_t)(memory[1].bytes / size_of(to)); i++) {
        double a = get(expected, to, i).f, b = get(memory[1].data, to, i).f;
        CHECK(a == b || (a != a && b != b), "copy %d -> %d rank %d round %d", from, to, rank, round);
      }
    }
    free(expected);
    unguard(memory[0], "copy");
    unguard(memory[1], "copy");
  }
}

static void check_fill(void) {
  for (int dtype = 0; dtype < 6; dtype++) {
    for (int64_t count = 0; count < 300; count += 1 + count / 7) {
      for (int round = 0; round < 4; round++) {
        guarded g = guard((size_t)count * size_of(dtype));
        void *expected = malloc((size_t)count * size_of(dtype) + 1);
        bool floats = dtype <= ADJ_F64;
        adj_scalar value = {.i = round == 0 ? 0 : (int64_t)draw()}, step = {.i = below(9) - 4};
        if (floats) {
          value.f = round == 0 ? 0 : round == 1 ? -0.0 : (double)below(1000) / 7;
          step.f = (double)below(1000) / 77 - 3;
        }
        adj_fill(g.data, (adj_dtype)dtype, count, value);
        for (int64_t i = 0; i < count; i++) put(expected, dtype, i, (number){value.f, floats ? 0 : value.i, floats});
        CHECK(memcmp(expected, g.data, g.bytes) == 0, "fill dtype %d count %" PRId64, dtype, count);
        adj_arange(g.data, (adj_dtype)dtype, count, value, step);
        for (int64_t i = 0; i < count; i++) {
          volatile double product = floats ? (double)i * step.f : 0;
          put(expected, dtype, i, (number){floats ? value.f + product : 0, floats ? 0 : (int64_t)((uint64_t)value.i + (uint64_t)i * (uint64_t)step.i), floats});
        }
        CHECK(memcmp(expected, g.data, g.bytes) == 0, "arange dtype %d count %" PRId64, dtype, count);
        free(expected);
        unguard(g, "fill");
      }
    }
  }
  for (int dtype = 0; dtype < 2; dtype++) {
    for (int round = 0; round < 300; round++) {
      int64_t count = 1 + below(5000), at = below(count);
      guarded g = guard((size_t)count * size_of(dtype));
      randomize(g.data, dtype, count, false);
      put(g.data, dtype, 0, (number){dtype == ADJ_F32 ? 3.4e38 : 1.7e308, 0, true});
      CHECK(adj_first_nonfinite(g.data, (adj_dtype)dtype, count) == 0, "finite");
      put(g.data, dtype, at, (number){round % 3 == 0 ? NAN : round % 3 == 1 ? INFINITY : -INFINITY, 0, true});
      put(g.data, dtype, count - 1, (number){NAN, 0, true});
      CHECK(adj_first_nonfinite(g.data, (adj_dtype)dtype, count) == at + 1, "first non-finite");
      unguard(g, "first_nonfinite");
    }
  }
}

// ---- Indices ----

static bool same_elements(const void *a, const void *b, int dtype, int64_t count) {
  if (memcmp(a, b, (size_t)count * size_of(dtype)) == 0) return true;
  if (dtype > ADJ_F64) return false;
  for (int64_t i = 0; i < count; i++) {
    double x = get(a, dtype, i).f, y = get(b, dtype, i).f;
    if (x != y && (x == x || y == y)) return false;
  }
  return true;
}

static void add_plain(void *data, int dtype, int64_t at, number x) {
  number old = get(data, dtype, at);
  if (dtype == ADJ_F32) ((float *)data)[at] += (float)x.f;
  else if (dtype == ADJ_F64) ((double *)data)[at] += x.f;
  else if (dtype == ADJ_BOOL) ((uint8_t *)data)[at] |= x.i != 0;
  else put(data, dtype, at, (number){0, (int64_t)((uint64_t)old.i + (uint64_t)x.i), false});
}

static void check_index(void) {
  for (int round = 0; round < 3000; round++) {
    adj_dtype dtype = (adj_dtype)below(6);
    size_t size = size_of((int)dtype);
    int64_t lead = 1 + below(3), outer = 1 + below(4), length = 1 + below(40), count = below(50);
    int64_t inner = below(2) == 0 ? 1 : 1 + below(40);
    bool each = below(2) == 0;
    if (!each) lead = 1;
    int64_t indexed = each ? outer * count * inner : count;
    guarded index = guard((size_t)indexed * 8);
    int64_t *indices = (int64_t *)(void *)index.data;
    for (int64_t i = 0; i < indexed; i++) indices[i] = below(length);
    int64_t long_count = lead * outer * length * inner, short_count = lead * outer * count * inner;
    guarded whole = guard((size_t)long_count * size), part = guard((size_t)short_count * size);
    randomize(whole.data, (int)dtype, long_count, false);
    randomize(part.data, (int)dtype, short_count, false);
    void *expected_whole = malloc(whole.bytes + 1), *expected_part = malloc(part.bytes + 1);
    memcpy(expected_whole, whole.data, whole.bytes);
    memcpy(expected_part, part.data, part.bytes);
    int what = (int)below(each ? 2 : 3);
    for (int64_t l = 0; l < lead; l++)
      for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
          for (int64_t i = 0; i < inner; i++) {
            int64_t index_at = each ? indices[(o * count + k) * inner + i] : indices[k];
            int64_t w = ((l * outer + o) * length + index_at) * inner + i, p = ((l * outer + o) * count + k) * inner + i;
            if (what == 0) memcpy((char *)expected_part + (size_t)p * size, (char *)expected_whole + (size_t)w * size, size);
            else if (what == 1) add_plain(expected_whole, (int)dtype, w, get(expected_part, (int)dtype, p));
            else memcpy((char *)expected_whole + (size_t)w * size, (char *)expected_part + (size_t)p * size, size);
          }
    if (each && what == 0) adj_gather(dtype, whole.data, lead, outer, length, inner, indices, count, part.data);
    else if (each) adj_gather_add(dtype, part.data, lead, outer, length, inner, indices, count, whole.data);
    else if (what == 0) adj_take(dtype, whole.data, outer, length, inner, indices, count, part.data);
    else if (what == 1) adj_take_add(dtype, part.data, outer, length, inner, indices, count, whole.data);
    else adj_put(dtype, part.data, outer, length, inner, indices, count, whole.data);
    CHECK(same_elements(expected_whole, whole.data, (int)dtype, long_count), "indexed %d %d dtype %d", each, what, dtype);
    CHECK(same_elements(expected_part, part.data, (int)dtype, short_count), "indexed %d %d dtype %d", each, what, dtype);
    free(expected_whole);
    free(expected_part);
    unguard(whole, "index kernel");
    unguard(part, "index kernel");
    unguard(index, "index kernel");
  }
  for (int round = 0; round < 300; round++) {
    int64_t count = below(1200), length = 1 + below(20), bad = count > 0 && below(2) == 0 ? below(count) : -1;
    int64_t *indices = malloc((size_t)count * 8 + 8), *before = malloc((size_t)count * 8 + 8);
    for (int64_t i = 0; i < count; i++) indices[i] = below(2 * length) - length;
    if (bad >= 0) indices[bad] = below(2) == 0 ? length : -length - 1;
    memcpy(before, indices, (size_t)count * 8);
    CHECK(adj_normalize_indices(indices, count, length) == bad + 1, "normalize");
    for (int64_t i = 0; i < (bad >= 0 ? bad : count); i++)
      CHECK(indices[i] == (before[i] < 0 ? before[i] + length : before[i]), "normalize");
    if (bad >= 0) CHECK(indices[bad] == before[bad], "normalize changed what it reported");
    free(indices);
    free(before);
  }
}

// -1, 0, 1 in the order of sorting: NaN last, -0 equal to 0.
static int compare(number a, number b) {
  if (!a.is_float) return (a.i > b.i) - (a.i < b.i);
  bool an = a.f != a.f, bn = b.f != b.f;
  if (an || bn) return an - bn;
  return (a.f > b.f) - (a.f < b.f);
}

static void check_order(void) {
  for (int round = 0; round < 2500; round++) {
    adj_dtype dtype = (adj_dtype)below(6);
    int d = (int)dtype;
    size_t size = size_of(d);
    int64_t outer = 1 + below(3), inner = below(2) == 0 ? 1 : 1 + below(round % 5 == 0 ? 300 : 20);
    int64_t length = 1 + below(round % 10 == 0 ? 3000 : 70);
    if (outer * inner * length > 20000) inner = 1;
    int64_t total = outer * inner * length;
    guarded src = guard((size_t)total * size), dst = guard((size_t)total * size), order = guard((size_t)total * 8);
    int64_t *positions = (int64_t *)(void *)order.data;
    bool few = below(2) == 0; // many equal values
    randomize(src.data, d, total, few);
    if (below(4) == 0 && dtype <= ADJ_F64)
      for (int64_t i = 0; i < total; i++) put(src.data, d, i, (number){-INFINITY, 0, true});
    if (few && dtype != ADJ_BOOL)
      for (int64_t i = 0; i < total; i++)
        if (below(2) == 0) put(src.data, d, i, (number){(double)below(5) - 2, below(5) - 2, d <= ADJ_F64});
    bool flag = below(2) == 0;

    adj_arg_extreme(dtype, src.data, outer, length, inner, flag, positions);
    for (int64_t o = 0; o < outer; o++)
      for (int64_t i = 0; i < inner; i++) {
        int64_t best = 0;
        for (int64_t k = 1; k < length; k++) {
          number x = get(src.data, d, (o * length + k) * inner + i), y = get(src.data, d, (o * length + best) * inner + i);
          bool x_nan = x.is_float && x.f != x.f, y_nan = y.is_float && y.f != y.f;
          if (y_nan) break;
          if (x_nan || (flag ? compare(x, y) > 0 : compare(x, y) < 0)) best = k;
        }
        CHECK(positions[o * inner + i] == best, "arg extreme dtype %d largest %d length %" PRId64 " inner %" PRId64 ": %" PRId64 " for %" PRId64,
              d, flag, length, inner, positions[o * inner + i], best);
      }

    adj_sort(dtype, src.data, outer, length, inner, flag, dst.data, positions);
    for (int64_t o = 0; o < outer; o++)
      for (int64_t i = 0; i < inner; i++) {
        uint8_t *seen = calloc((size_t)length, 1);
        for (int64_t k = 0; k < length; k++) {
          int64_t at = (o * length + k) * inner + i, position = positions[at];
          CHECK(position >= 0 && position < length && !seen[position], "sort: not a permutation");
          if (position < 0 || position >= length) continue;
          seen[position] = 1;
          CHECK(memcmp(dst.data + (size_t)at * size, src.data + (size_t)((o * length + position) * inner + i) * size, size) == 0, "sort: value");
          if (k > 0) {
            int c = compare(get(dst.data, d, at - inner), get(dst.data, d, at));
            CHECK((flag ? c >= 0 : c <= 0) && (c != 0 || positions[at - inner] < position), "sort: order, dtype %d", d);
          }
        }
        free(seen);
      }

    int64_t found = 0;
    for (int64_t i = 0; i < total; i++) {
      number x = get(src.data, d, i);
      found += x.is_float ? x.f != 0 : x.i != 0;
    }
    CHECK(adj_nonzero(dtype, src.data, total, NULL) == found, "nonzero count");
    guarded places = guard((size_t)found * 8);
    CHECK(adj_nonzero(dtype, src.data, total, (int64_t *)(void *)places.data) == found, "nonzero");
    for (int64_t i = 0, n = 0; i < total; i++) {
      number x = get(src.data, d, i);
      if (x.is_float ? x.f != 0 : x.i != 0) CHECK(((int64_t *)(void *)places.data)[n++] == i, "nonzero");
    }
    unguard(places, "nonzero");

    randomize(src.data, d, total, false);
    adj_cumsum(dtype, src.data, outer, length, inner, flag, dst.data);
    for (int64_t o = 0; o < outer; o++)
      for (int64_t i = 0; i < inner; i++) {
        double sum = 0;
        uint64_t whole = 0;
        for (int64_t k = 0; k < length; k++) {
          int64_t at = (o * length + (flag ? length - 1 - k : k)) * inner + i;
          number x = get(src.data, d, at), y = get(dst.data, d, at);
          sum += x.f;
          whole = dtype == ADJ_BOOL ? whole | (uint64_t)x.i : whole + (uint64_t)x.i;
          uint8_t raw[8];
          put(raw, d, 0, (number){sum, (int64_t)whole, d <= ADJ_F64});
          number expected = get(raw, d, 0);
          CHECK(y.is_float ? y.f == expected.f : y.i == expected.i, "cumsum dtype %d", d);
        }
      }
    unguard(src, "order");
    unguard(dst, "order");
    unguard(order, "order");
  }
}

// ---- Softmax ----

// The error in units of the last place of 1, relative to the expected value (or of the smallest number).
static double ulps(double got, long double expected, bool single) {
  if (got != got || expected != expected) return got != got && expected != expected ? 0 : INFINITY;
  if ((long double)got == expected) return 0;
  if (isinf(got) || isinf((double)expected)) return INFINITY;
  long double unit = fabsl(expected) * (single ? 0x1p-23L : 0x1p-52L), least = single ? 0x1p-149L : 0x1p-1074L;
  return (double)(fabsl((long double)got - expected) / (unit > least ? unit : least));
}

static void check_softmax(void) {
  for (int which = 0; which < 3; which++) {
    if (!adj_isa_select(isas[which])) continue;
    double worst[2][3] = {{0}};
    for (int round = 0; round < 3000; round++) {
      adj_dtype dtype = (adj_dtype)(round % 2);
      int d = (int)dtype;
      adj_softmax_kind kind = (adj_softmax_kind)below(3);
      int64_t rows = 1 + below(40), length = 1 + below(round % 4 == 0 ? 1200 : 60), total = rows * length;
      bool in_place = below(2) == 0 && kind != ADJ_LOG_SUM_EXP;
      guarded src = guard((size_t)total * size_of(d));
      guarded dst = guard((size_t)(kind == ADJ_LOG_SUM_EXP ? rows : total) * size_of(d));
      double spread = below(5) == 0 ? 200 : below(5) == 0 ? 2000 : 10;
      for (int64_t i = 0; i < total; i++) put(src.data, d, i, (number){((double)draw() * 0x1p-64 - 0.5) * spread, 0, true});
      int special = (int)below(8);
      for (int64_t i = 0; special < 4 && i < 1 + total / 9; i++)
        put(src.data, d, below(total), (number){special == 0 ? NAN : special == 1 ? INFINITY : -INFINITY, 0, true});
      if (special == 3)
        for (int64_t i = 0; i < length; i++) put(src.data, d, (rows - 1) * length + i, (number){-INFINITY, 0, true});
      void *copy = malloc(src.bytes);
      memcpy(copy, src.data, src.bytes);
      void *out = in_place ? src.data : dst.data;
      adj_softmax_rows(dtype, kind, src.data, rows, length, out);
      for (int64_t row = 0; row < rows; row++) {
        long double greatest = -INFINITY, sum = 0;
        bool nan = false;
        for (int64_t i = 0; i < length; i++) {
          double x = get(copy, d, row * length + i).f;
          nan |= x != x;
          if (x > (double)greatest) greatest = x;
        }
        if (nan) greatest = NAN;
        long double shift = kind == ADJ_LOG_SUM_EXP && isinf((double)greatest) ? 0 : greatest;
        for (int64_t i = 0; i < length; i++) sum += expl((long double)get(copy, d, row * length + i).f - shift);
        if (kind == ADJ_LOG_SUM_EXP) {
          double got = get(out, d, row).f;
          long double expected = shift + logl(sum);
          // Near 0 the sum of the greatest and the logarithm cancels: the error is measured against the parts.
          double error = ulps(got, expected, d == 0);
          if (isfinite(error) && fabsl(expected) < 1) error = (double)fabsl(got - expected) / (d == 0 ? 0x1p-23 : 0x1p-52);
          if (error > worst[d][kind]) worst[d][kind] = error;
          continue;
        }
        for (int64_t i = 0; i < length; i++) {
          long double x = get(copy, d, row * length + i).f, expected = kind == ADJ_SOFTMAX ? expl(x - shift) / sum : x - shift - logl(sum);
          double got = get(out, d, row * length + i).f, error = ulps(got, expected, d == 0);
          // The difference x - shift is rounded before exp: an error of half an ulp of the difference.
          double allowance = isfinite(error) && kind == ADJ_SOFTMAX ? (double)fabsl(x - shift) : 0;
          // and in log-softmax log(sum) adds its own half ulp, which counts when the result is near 0.
          if (isfinite(error) && kind == ADJ_LOG_SOFTMAX && fabsl(expected) < logl(sum) + 1)
            error = (double)(fabsl(got - expected) / ((logl(sum) + 1) * (d == 0 ? 0x1p-23L : 0x1p-52L)));
          error = allowance > 0 ? error / (1 + allowance / 6) : error;
          if (error > worst[d][kind]) worst[d][kind] = error;
        }
      }
      free(copy);
      unguard(src, "softmax");
      unguard(dst, "softmax");
    }
    for (int d = 0; d < 2; d++)
      for (int kind = 0; kind < 3; kind++) {
        CHECK(worst[d][kind] < 4, "softmax %s dtype %d kind %d: %g ulps", isas[which], d, kind, worst[d][kind]);
        printf("softmax %-8s float%d kind %d: at most %.2f ulps\n", isas[which], d == 0 ? 32 : 64, kind, worst[d][kind]);
      }
  }
  float nothing = 1;
  adj_softmax_rows(ADJ_F32, ADJ_LOG_SUM_EXP, NULL, 1, 0, &nothing);
  CHECK(nothing == -INFINITY, "log-sum-exp of nothing");
}

// ---- Random numbers ----

static void philox_plain(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
  uint32_t k0 = key[0], k1 = key[1], c[4];
  memcpy(c, counter, 16);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k1, (uint32_t)p0};
    memcpy(c, next, 16);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  memcpy(out, c, 16);
}

static void check_philox(void) {
  // Known answers of Random123's kat_vectors.
  static const struct { uint64_t key, stream, counter; uint32_t words[4]; } known[] = {
    {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (int i = 0; i < 3; i++) {
    uint32_t words[4];
    adj_philox(known[i].key, known[i].stream, known[i].counter, words, 4);
    CHECK(memcmp(words, known[i].words, 16) == 0, "known answer %d: %08x %08x %08x %08x", i, words[0], words[1], words[2], words[3]);
  }
  for (int round = 0; round < 60; round++) {
    uint64_t key = draw(), stream = draw(), counter = round % 3 == 0 ? UINT64_MAX - 20 : draw() >> (round % 2 * 32);
    if (round % 5 == 0) counter = 0xFFFFFFF0u;
    int64_t count = below(3000);
    guarded g = guard((size_t)count * 4);
    adj_philox(key, stream, counter, (uint32_t *)(void *)g.data, count);
    for (int64_t w = 0; w < count; w++) {
      uint64_t at = counter + (uint64_t)w / 4;
      uint32_t out[4];
      philox_plain((uint32_t[2]){(uint32_t)key, (uint32_t)(key >> 32)},
                   (uint32_t[4]){(uint32_t)at, (uint32_t)(at >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)}, out);
      CHECK(((uint32_t *)(void *)g.data)[w] == out[w % 4], "philox word %" PRId64, w);
    }
    unguard(g, "philox");
  }
}

static void check_hash(const char *what, const void *data, size_t bytes, uint64_t expected) {
  uint64_t hash = fnv(data, bytes);
  CHECK(hash == expected, "%s: hash 0x%016" PRIx64 ", expected 0x%016" PRIx64, what, hash, expected);
}

// FNV-1a hashes of the bytes that the generators give for key 1, stream 2, counter 3.
#define HASH_PHILOX 0xb9219e02642c9decu
#define HASH_UNIFORM_F32 0x7b691c6fe713ad27u
#define HASH_UNIFORM_F64 0xb94f26bd00b3eae6u
#define HASH_NORMAL_F32 0xb40a81fa3aa351ebu
#define HASH_NORMAL_F64 0x2b996450d51c68beu
#define HASH_INTEGERS 0x9bfd70c15779b0ccu
#define HASH_PERMUTATION 0x04f99356fad9df1fu
#define HASH_BERNOULLI 0xe70c53dce0dacbedu

#define MANY 1000003

static void check_random(void) {
  double *doubles = malloc(MANY * 8), *again = malloc(MANY * 8);
  float *floats = malloc(MANY * 4);
  int64_t *integers = malloc(MANY * 8);
  for (int which = 0; which < 3; which++) {
    if (!adj_isa_select(isas[which])) continue;
    check_philox();
    // The very bits, on every machine.
    uint32_t words[1001];
    adj_philox(1, 2, 3, words, 1001);
    check_hash("philox", words, sizeof words, HASH_PHILOX);
    CHECK(adj_random_uniform(1, 2, 3, ADJ_F32, MANY, -1, 2, floats) == (MANY + 3) / 4, "used");
    check_hash("uniform float32", floats, MANY * 4, HASH_UNIFORM_F32);
    CHECK(adj_random_uniform(1, 2, 3, ADJ_F64, MANY, -1, 2, doubles) == (2 * MANY + 3) / 4, "used");
    check_hash("uniform float64", doubles, MANY * 8, HASH_UNIFORM_F64);
    CHECK(adj_random_normal(1, 2, 3, ADJ_F32, MANY, 0.25, 1.5, floats) == (MANY + 3) / 4, "used");
    check_hash("normal float32", floats, MANY * 4, HASH_NORMAL_F32);
    CHECK(adj_random_normal(1, 2, 3, ADJ_F64, MANY, 0.25, 1.5, doubles) == (2 * MANY + 3) / 4, "used");
    check_hash("normal float64", doubles, MANY * 8, HASH_NORMAL_F64);
    CHECK(adj_random_integers(1, 2, 3, -7, 1000000000000, MANY, integers) == (2 * MANY + 3) / 4, "used");
    check_hash("integers", integers, MANY * 8, HASH_INTEGERS);
    CHECK(adj_random_permutation(1, 2, 3, 10007, integers) == (2 * 10006 + 3) / 4, "used");
    check_hash("permutation", integers, 10007 * 8, HASH_PERMUTATION);
    CHECK(adj_random_bernoulli(1, 2, 3, ADJ_BOOL, MANY, 0.3, doubles) == (MANY + 3) / 4, "used");
    check_hash("bernoulli", doubles, MANY, HASH_BERNOULLI);
  }

  // Narrow and wide ranges: inside, and the same bits on every instruction set.
  static const double ranges[][2] = {{0.7, 0.7 + 0x1p-22}, {1 + 0x1p-30, 1 + 0x1p-22}, {-0.7 - 0x1p-22, -0.7},
                                     {1, 1 + 0x1p-23}, {-1e39, 1e39}, {-1.7e308, 1.7e308}};
  for (int range = 0; range < 6; range++) {
    double low = ranges[range][0], high = ranges[range][1];
    for (int dtype = 0; dtype < 2; dtype++) {
      void *first = NULL;
      for (int which = 0; which < 3; which++) {
        if (!adj_isa_select(isas[which])) continue;
        void *samples = first == NULL ? (void *)doubles : (void *)again;
        adj_random_uniform(4, 5, 6, (adj_dtype)dtype, 10007, low, high, samples);
        if (first != NULL) CHECK(memcmp(first, samples, 10007 * size_of(dtype)) == 0, "uniform of range %d, %s", range, isas[which]);
        else first = samples;
      }
      for (int64_t i = 0; i < 10007; i++) {
        double x = get(first, dtype, i).f;
        CHECK(x >= low && x < high, "uniform %g outside [%g, %g)", x, low, high);
      }
    }
  }

  // Pieces that start at a block are the pieces of the whole.
  for (int round = 0; round < 50; round++) {
    int64_t start = below(1000) * 4, count = 1 + below(3000);
    adj_random_normal(9, 8, 7, ADJ_F32, start + count, 0, 1, floats);
    adj_random_normal(9, 8, 7 + (uint64_t)start / 4, ADJ_F32, count, 0, 1, again);
    CHECK(memcmp(floats + start, again, (size_t)count * 4) == 0, "normal float32 in pieces");
    adj_random_normal(9, 8, 7, ADJ_F64, start + count, 0, 1, doubles);
    adj_random_normal(9, 8, 7 + (uint64_t)start / 2, ADJ_F64, count, 0, 1, again);
    CHECK(memcmp(doubles + start, again, (size_t)count * 8) == 0, "normal float64 in pieces");
  }

  // Bounds and guards for short arrays.
  for (int dtype = 0; dtype < 6; dtype++) {
    for (int64_t count = 0; count < 70; count++) {
      guarded g = guard((size_t)count * size_of(dtype));
      if (dtype < 2) {
        adj_random_uniform(draw(), 0, 0, (adj_dtype)dtype, count, 1, 1 + 0x1p-23, g.data);
        for (int64_t i = 0; i < count; i++) CHECK(get(g.data, dtype, i).f >= 1 && get(g.data, dtype, i).f < 1 + 0x1p-23, "uniform bounds");
        adj_random_normal(draw(), 0, 0, (adj_dtype)dtype, count, 0, 1, g.data);
        for (int64_t i = 0; i < count; i++) CHECK(fabs(get(g.data, dtype, i).f) < 9, "normal");
      }
      adj_random_bernoulli(draw(), 0, 0, (adj_dtype)dtype, count, 1, g.data);
      for (int64_t i = 0; i < count; i++) CHECK(get(g.data, dtype, i).f + (double)get(g.data, dtype, i).i == 1, "bernoulli 1");
      adj_random_bernoulli(draw(), 0, 0, (adj_dtype)dtype, count, 0, g.data);
      for (int64_t i = 0; i < count; i++) CHECK(get(g.data, dtype, i).f + (double)get(g.data, dtype, i).i == 0, "bernoulli 0");
      unguard(g, "random");
    }
  }

  // Moments of n samples: within 5 standard errors.
  double n = MANY, root = sqrt(n);
  for (int dtype = 0; dtype < 2; dtype++) {
    void *samples = dtype == 0 ? (void *)floats : (void *)doubles;
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, beyond = 0, least = 0, most = 0;
    adj_random_normal(11, 5, 0, (adj_dtype)dtype, MANY, 0, 1, samples);
    for (int64_t i = 0; i < MANY; i++) {
      double z = get(samples, dtype, i).f;
      m1 += z; m2 += z * z; m3 += z * z * z; m4 += z * z * z * z;
      beyond += fabs(z) > 1.959963984540054;
      least = z < least ? z : least;
      most = z > most ? z : most;
    }
    CHECK(fabs(m1 / n) < 5 / root, "normal mean %g", m1 / n);
    CHECK(fabs(m2 / n - 1) < 5 * sqrt(2) / root, "normal variance %g", m2 / n);
    CHECK(fabs(m3 / n) < 5 * sqrt(15) / root, "normal third moment %g", m3 / n);
    CHECK(fabs(m4 / n - 3) < 5 * sqrt(96) / root, "normal fourth moment %g", m4 / n);
    CHECK(fabs(beyond / n - 0.05) < 5 * sqrt(0.05 * 0.95) / root, "normal tails %g", beyond / n);
    CHECK(least < -4 && least > -6.5 && most > 4 && most < 6.5, "normal range %g %g", least, most);
    adj_random_uniform(11, 6, 0, (adj_dtype)dtype, MANY, -3, 5, samples);
    double mean = 0, square = 0;
    int64_t bins[64] = {0};
    for (int64_t i = 0; i < MANY; i++) {
      double u = (get(samples, dtype, i).f + 3) / 8;
      CHECK(u >= 0 && u < 1, "uniform %g", u);
      mean += u;
      square += u * u;
      bins[(int)(u * 64) & 63]++;
    }
    CHECK(fabs(mean / n - 0.5) < 5 * sqrt(1.0 / 12) / root, "uniform mean %g", mean / n);
    CHECK(fabs(square / n - 1.0 / 3) < 5 * 0.3 / root, "uniform square %g", square / n);
    double chi = 0;
    for (int i = 0; i < 64; i++) chi += (bins[i] - n / 64) * (bins[i] - n / 64) / (n / 64);
    CHECK(chi < 63 + 5 * sqrt(2 * 63), "uniform chi-square %g", chi);
  }
  // Quantiles against the normal distribution function, from words that are known.
  {
    uint32_t words[4096];
    adj_philox(21, 22, 23, words, 4096);
    adj_random_normal(21, 22, 23, ADJ_F32, 4096, 0, 1, floats);
    adj_random_normal(21, 22, 23, ADJ_F64, 2048, 0, 1, doubles);
    for (int i = 0; i < 4096; i++) {
      double p = (words[i] + 0.5) * 0x1p-32, z = floats[i];
      double q = 0.5 * erfc(-z / sqrt(2)), slope = exp(-z * z / 2) / sqrt(2 * M_PI);
      CHECK(fabs(q - p) < slope * (fabs(z) * 0x1p-23 + 1e-15) + 1e-15, "normal quantile of %.17g: %g", p, z);
    }
    for (int i = 0; i < 2048; i++) {
      uint64_t k = ((uint64_t)words[2 * i + 1] << 32 | words[2 * i]) >> 11;
      bool upper = k >> 52;
      double p = ((double)(upper ? (UINT64_C(1) << 53) - 1 - k : k) + 0.5) * 0x1p-53, z = upper ? -doubles[i] : doubles[i];
      double q = 0.5 * erfc(-z / sqrt(2)), slope = exp(-z * z / 2) / sqrt(2 * M_PI);
      CHECK(fabs(q - p) < slope * fabs(z) * 2e-15 + p * 2e-15, "normal quantile of %.17g: %.17g, off by %g", p, z, q - p);
    }
  }
  // Bernoulli, integers, permutations.
  adj_random_bernoulli(3, 1, 0, ADJ_F32, MANY, 0.3, floats);
  double ones = 0;
  for (int64_t i = 0; i < MANY; i++) ones += floats[i];
  CHECK(fabs(ones / n - 0.3) < 5 * sqrt(0.21) / root, "bernoulli %g", ones / n);
  int64_t bins[10] = {0};
  adj_random_integers(3, 2, 0, -4, 6, MANY, integers);
  for (int64_t i = 0; i < MANY; i++) {
    CHECK(integers[i] >= -4 && integers[i] < 6, "integers");
    bins[(integers[i] + 4) % 10]++;
  }
  for (int i = 0; i < 10; i++) CHECK(fabs(bins[i] / n - 0.1) < 5 * sqrt(0.09) / root, "integers bin %d", i);
  adj_random_integers(3, 2, 0, INT64_MIN, INT64_MAX, 10, integers);
  adj_random_integers(3, 2, 0, 5, 5, 10, integers);
  CHECK(integers[9] == 5, "an empty range");
  int64_t counts[24] = {0}, trials = 48000;
  uint64_t at = 0;
  for (int64_t t = 0; t < trials; t++) {
    int64_t order[4], code = 0;
    at += adj_random_permutation(5, 0, at, 4, order);
    uint64_t seen = 0;
    for (int i = 0; i < 4; i++) seen |= UINT64_C(1) << order[i];
    CHECK(seen == 15, "permutation");
    for (int i = 0; i < 4; i++) {
      int64_t smaller = 0;
      for (int j = i + 1; j < 4; j++) smaller += order[j] < order[i];
      code = code * (4 - i) + smaller;
    }
    counts[code % 24]++;
  }
  double chi = 0;
  for (int i = 0; i < 24; i++) chi += pow((double)counts[i] - (double)trials / 24, 2) / ((double)trials / 24);
  CHECK(chi < 23 + 5 * sqrt(46), "permutations chi-square %g", chi);
  for (int64_t count = 0; count < 600; count += 1 + count / 3) {
    guarded g = guard((size_t)count * 8);
    adj_random_permutation(6, 0, 0, count, (int64_t *)(void *)g.data);
    uint8_t seen[600] = {0};
    for (int64_t i = 0; i < count; i++) seen[((int64_t *)(void *)g.data)[i]] = 1;
    for (int64_t i = 0; i < count; i++) CHECK(seen[i], "permutation of %" PRId64, count);
    unguard(g, "permutation");
  }
  free(doubles);
  free(again);
  free(floats);
  free(integers);
}

// ---- Allocator and threads ----

static void check_sizes(void) {
  for (size_t bytes = 0; bytes < 300000; bytes += 1 + bytes / 50) {
    size_t capacity, again;
    uint8_t *block = adj_allocate(bytes, &capacity);
    CHECK(block != NULL && (uintptr_t)block % 64 == 0 && capacity >= bytes, "allocate %zu", bytes);
    CHECK(capacity <= bytes + bytes / 4 + 64, "allocate %zu gives %zu", bytes, capacity);
    memset(block, 0x5A, capacity);
    adj_free(block, capacity);
    void *other = adj_allocate(capacity, &again);
    CHECK(again == capacity, "the capacity's capacity");
    if (!plain_allocator) CHECK(other == block, "reuse at %zu", bytes);
    adj_free(other, again);
  }
  for (size_t bytes = (size_t)1 << 20; bytes <= (size_t)80 << 20; bytes = bytes * 3 / 2 + 12345) {
    size_t capacity;
    uint8_t *block = adj_allocate(bytes, &capacity);
    CHECK(block != NULL && (uintptr_t)block % 64 == 0 && capacity >= bytes, "allocate %zu", bytes);
    block[0] = block[bytes - 1] = block[capacity - 1] = 1;
    adj_free(block, capacity);
  }
  size_t capacity = 1;
  CHECK(adj_allocate(SIZE_MAX, &capacity) == NULL && capacity == 0, "more than there is");
  adj_free(NULL, 0);
}

static void check_limits(void) {
  size_t live = adj_allocator_live_bytes(), capacities[64];
  void *blocks[64];
  CHECK(adj_allocator_limit() == (size_t)1 << 30, "default limit");
  size_t sum = 0;
  for (int i = 0; i < 64; i++) {
    blocks[i] = adj_allocate(i % 2 == 0 ? 1000 * (size_t)i : 100000 * (size_t)i, &capacities[i]);
    sum += capacities[i];
  }
  CHECK(adj_allocator_live_bytes() == live + sum, "live bytes");
  size_t cached = adj_allocator_cached_bytes();
  for (int i = 0; i < 64; i++) adj_free(blocks[i], capacities[i]);
  CHECK(adj_allocator_live_bytes() == live, "live bytes");
  if (plain_allocator) return;
  CHECK(adj_allocator_cached_bytes() == cached + sum, "cached bytes %zu for %zu", adj_allocator_cached_bytes(), cached + sum);
  adj_allocator_set_limit((size_t)10 << 20);
  CHECK(adj_allocator_cached_bytes() <= (size_t)10 << 20, "the limit holds: %zu", adj_allocator_cached_bytes());
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 64; i++) blocks[i] = adj_allocate((size_t)below(i % 2 == 0 ? 70000 : 3000000), &capacities[i]);
    for (int i = 0; i < 64; i++) adj_free(blocks[i], capacities[i]);
    CHECK(adj_allocator_cached_bytes() <= (size_t)10 << 20, "the limit holds: %zu", adj_allocator_cached_bytes());
  }
  adj_allocator_set_limit(0);
  CHECK(adj_allocator_cached_bytes() == 0, "nothing kept");
  blocks[0] = adj_allocate(100, &capacities[0]);
  adj_free(blocks[0], capacities[0]);
  CHECK(adj_allocator_cached_bytes() == 0, "nothing kept");
  adj_allocator_set_limit((size_t)1 << 30);
  blocks[0] = adj_allocate(100, &capacities[0]);
  adj_free(blocks[0], capacities[0]);
  CHECK(adj_allocator_cached_bytes() > 0, "kept again");
  adj_allocator_empty();
  CHECK(adj_allocator_cached_bytes() == 0, "emptied");
}

// Threads that take blocks from a table, whoever put them there, and check what they hold.
#define SLOTS 512
#define THREADS 6
typedef struct slot {
  pthread_mutex_t lock;
  uint8_t *block;
  size_t bytes, capacity;
  uint8_t mark;
} slot;
static slot slots[SLOTS];
static pthread_key_t late_key;
// ThreadSanitizer's own destructor runs in the last round that the system grants; nothing may run after it.
#define LATE_ROUNDS 2
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef LATE_ROUNDS
#define LATE_ROUNDS 0
#endif
#endif

static void late_free(void *block) { // runs after or before the allocator's own destructor, and in later rounds
  size_t capacity;
  adj_free(block, 256);
  void *other = adj_allocate(256, &capacity);
  adj_thread()->live_nodes++;
  static _Thread_local int rounds;
  if (rounds++ < LATE_ROUNDS) pthread_setspecific(late_key, other);
  else adj_free(other, capacity);
  adj_thread()->live_nodes--;
}

static void *worker(void *argument) {
  uint64_t state = (uintptr_t)argument * 0x9E3779B97F4A7C15u + 1;
  size_t capacity;
  void *late = adj_allocate(256, &capacity);
  for (int i = 0; i < 30000; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    slot *s = &slots[(state >> 33) % SLOTS];
    size_t bytes = (state >> 20) % ((state >> 50) % 64 == 0 ? 400000 : (state >> 50) % 8 == 0 ? 60000 : 2000);
    pthread_mutex_lock(&s->lock);
    if (s->block != NULL) {
      for (size_t at = 0; at < s->bytes; at += 97)
        if (s->block[at] != s->mark) {
          pthread_mutex_unlock(&s->lock);
          return (void *)1;
        }
      adj_free(s->block, s->capacity);
      s->block = NULL;
    } else {
      s->bytes = bytes;
      s->block = adj_allocate(bytes, &s->capacity);
      s->mark = (uint8_t)(state >> 40);
      memset(s->block, s->mark, s->bytes);
    }
    pthread_mutex_unlock(&s->lock);
    adj_thread_state *own = adj_thread();
    own->live_nodes++;
    if (i % 3000 == 0) {
      adj_allocator_live_bytes();
      adj_allocator_cached_bytes();
    }
    if (i % 7000 == 6999) adj_allocator_empty();
    if (i % 100 == 0) adj_park(own, &slots[i % SLOTS]);
  }
  pthread_setspecific(late_key, late);
  return NULL;
}

static void *count_sequence(void *argument) {
  uint64_t last = 0;
  for (int i = 0; i < 10000; i++) {
    uint64_t next = adj_next_sequence(3);
    if (next <= last && last != 0) *(int *)argument = 1;
    last = next + 2;
  }
  return NULL;
}

static void check_threads(void) {
  pthread_t threads[THREADS];
  pthread_key_create(&late_key, late_free);
  size_t live = adj_allocator_live_bytes();
  int64_t nodes = adj_live_nodes();
  for (int i = 0; i < SLOTS; i++) pthread_mutex_init(&slots[i].lock, NULL);
  for (int round = 0; round < 3; round++) {
    for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, worker, (void *)(i + 10 * round));
    for (int i = 0; i < THREADS; i++) {
      void *result;
      pthread_join(threads[i], &result);
      CHECK(result == NULL, "a block was shared by two owners");
    }
  }
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i].block != NULL) adj_free(slots[i].block, slots[i].capacity);
    slots[i].block = NULL;
  }
  CHECK(adj_allocator_live_bytes() == live, "live bytes after the threads: %zu for %zu", adj_allocator_live_bytes(), live);
  CHECK(adj_live_nodes() == nodes + 3 * THREADS * 30000, "live nodes %" PRId64, adj_live_nodes());
  adj_allocator_empty();
  CHECK(adj_allocator_cached_bytes() == 0, "emptied: %zu", adj_allocator_cached_bytes());

  int wrong = 0;
  uint64_t before = adj_next_sequence(1);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, count_sequence, &wrong);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(wrong == 0 && adj_next_sequence(1) == before + 1 + 3 * 10000 * THREADS, "sequence");

  adj_thread_state *own = adj_thread();
  CHECK(own == adj_thread() && own->recording_paused == 0 && own->error_scope == NULL, "this thread's state");
  for (intptr_t i = 1; i <= 1000; i++) adj_park(own, (void *)i);
  CHECK(own->parked_count == 1000 && own->parked_capacity >= 1000, "parked");
  for (intptr_t i = 1; i <= 1000; i++) CHECK(own->parked[i - 1] == (void *)i, "parked");
  own->parked_count = 0;
}

// ---- Timings ----

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The best of several runs, in nanoseconds for each of `count`.
#define TIME(label, count, unit, ...) \
  do { \
    double best = 1e9; \
    for (int run = 0; run < 9; run++) { \
      double start = now(); \
      __VA_ARGS__; \
      double time = now() - start; \
      best = time < best ? time : best; \
    } \
    printf("%-44s %9.3f %s\n", label, (unit)[0] == 'G' ? (double)(count) / best * 1e-9 : best * 1e9 / (double)(count), unit); \
  } while (0)

static void bench(void) {
  size_t capacity;
  static void *volatile sink;
  static volatile int64_t sink_integer __attribute__((unused));
  TIME("allocate + free 64 B", 10000000, "ns", for (int i = 0; i < 10000000; i++) { sink = adj_allocate(64, &capacity); adj_free(sink, capacity); });
  TIME("allocate + free 4000 B", 10000000, "ns", for (int i = 0; i < 10000000; i++) { sink = adj_allocate(4000, &capacity); adj_free(sink, capacity); });
  TIME("allocate + free 1 MB", 1000000, "ns", for (int i = 0; i < 1000000; i++) { sink = adj_allocate(1000000, &capacity); adj_free(sink, capacity); });
  TIME("malloc + free 64 B", 10000000, "ns", for (int i = 0; i < 10000000; i++) { sink = malloc(64); free(sink); });
  static void *many[10000];
  TIME("10000 x allocate 64 B, then free", 10000, "ns",
       for (int i = 0; i < 10000; i++) many[i] = adj_allocate(64, &capacity);
       for (int i = 0; i < 10000; i++) adj_free(many[i], 64));
  TIME("64 MB new, touched, given back", (size_t)64 << 20, "GB/s", {
    sink = adj_allocate((size_t)64 << 20, &capacity);
    memset(sink, 1, (size_t)64 << 20);
    adj_free(sink, capacity);
    adj_allocator_empty();
  });
  TIME("64 MB malloc, touched, freed", (size_t)64 << 20, "GB/s", { sink = malloc((size_t)64 << 20); memset(sink, 1, (size_t)64 << 20); free(sink); });
  TIME("adj_thread", 10000000, "ns", for (int i = 0; i < 10000000; i++) sink = adj_thread());
  TIME("adj_next_sequence", 10000000, "ns", for (int i = 0; i < 10000000; i++) sink_integer = (int64_t)adj_next_sequence(1));

  int64_t n = 4096;
  float *a = adj_allocate((size_t)(n * n) * 8, &capacity), *b = adj_allocate((size_t)(n * n) * 8, &capacity);
  memset(a, 0, (size_t)(n * n) * 8);
  memset(b, 0, (size_t)(n * n) * 8);
  int64_t shapes[3][2] = {{256, 256}, {1024, 1024}, {4096, 4096}};
  for (int s = 0; s < 3; s++) {
    int64_t *shape = shapes[s], rows = shape[0], columns = shape[1], total = rows * columns;
    int repeat = (int)(16777216 / total);
    char label[100];
#define COPY(what, from, to, s0, s1, d0, d1) { \
      adj_view x = {a + ((s1) < 0 ? columns - 1 : 0), {s0, s1}, from}, y = {b, {d0, d1}, to}; \
      snprintf(label, sizeof label, "%s %" PRId64 " x %" PRId64, what, rows, columns); \
      TIME(label, (double)repeat * (double)total * (double)(size_of(from) + size_of(to)), "GB/s read + written", \
           for (int r = 0; r < repeat; r++) adj_copy(2, shape, &x, &y, 0, total)); \
    }
    COPY("copy f32 contiguous", ADJ_F32, ADJ_F32, columns, 1, columns, 1)
    COPY("copy f32 transpose", ADJ_F32, ADJ_F32, 1, columns, rows, 1)
    COPY("copy f64 transpose", ADJ_F64, ADJ_F64, 1, columns, rows, 1)
    COPY("copy u8 transpose", ADJ_U8, ADJ_U8, 1, columns, rows, 1)
    COPY("convert f32 -> f64", ADJ_F32, ADJ_F64, columns, 1, columns, 1)
    COPY("convert f32 -> i32", ADJ_F32, ADJ_I32, columns, 1, columns, 1)
    COPY("convert f32 -> f64 transpose", ADJ_F32, ADJ_F64, 1, columns, rows, 1)
    COPY("convert i64 -> f32", ADJ_I64, ADJ_F32, columns, 1, columns, 1)
    COPY("copy f32 broadcast column", ADJ_F32, ADJ_F32, 1, 0, columns, 1)
    COPY("copy f32 reversed rows", ADJ_F32, ADJ_F32, columns, -1, columns, 1)
  }
  {
    int64_t shape[3] = {1000, 1000, 3};
    adj_view x = {a, {3, 3000, 1}, ADJ_F32}, y = {b, {3000, 3, 1}, ADJ_F32};
    TIME("copy f32 1000 x 1000 x 3, first two swapped", 24e6, "GB/s read + written", adj_copy(3, shape, &x, &y, 0, 3000000));
    adj_view z = {a, {3000, 3, 1}, ADJ_F32}, w = {b, {1000, 1, 1000000}, ADJ_F32};
    TIME("copy f32 1000 x 1000 x 3 to planes", 24e6, "GB/s read + written", adj_copy(3, shape, &z, &w, 0, 3000000));
    TIME("copy f32 planes to 1000 x 1000 x 3", 24e6, "GB/s read + written", adj_copy(3, shape, &w, &z, 0, 3000000));
  }
  adj_scalar one = {.f = 1}, step = {.f = 0.5};
  TIME("fill f32 64 KB", 16384000, "ns/element", for (int r = 0; r < 1000; r++) adj_fill(a, ADJ_F32, 16384, one));
  TIME("arange f32", 1000000, "ns/element", adj_arange(a, ADJ_F32, 1000000, one, step));
  TIME("first_nonfinite f32 64 KB", 16384000, "ns/element", for (int r = 0; r < 1000; r++) sink_integer = adj_first_nonfinite(a, ADJ_F32, 16384));

  int64_t *indices = adj_allocate(8000000, &capacity);
  for (int i = 0; i < 1000000; i++) indices[i] = below(100000);
  TIME("normalize_indices", 1000000, "ns/index", adj_normalize_indices(indices, 1000000, 100000));
  TIME("take f32 inner 1", 1000000, "ns/element", adj_take(ADJ_F32, a, 1, 100000, 1, indices, 1000000, b));
  TIME("take f32 inner 64", 6400000, "ns/element", adj_take(ADJ_F32, a, 1, 100000, 64, indices, 100000, b));
  TIME("take_add f32 inner 1", 1000000, "ns/element", adj_take_add(ADJ_F32, b, 1, 100000, 1, indices, 1000000, a));
  TIME("take_add f32 inner 64", 6400000, "ns/element", adj_take_add(ADJ_F32, b, 1, 100000, 64, indices, 100000, a));
  TIME("gather f32 inner 1", 1000000, "ns/element", adj_gather(ADJ_F32, a, 1, 1, 100000, 1, indices, 1000000, b));
  adj_random_normal(1, 2, 3, ADJ_F32, 1000000, 0, 1, a);
  TIME("arg_extreme f32 rows of 1000", 1000000, "ns/element", adj_arg_extreme(ADJ_F32, a, 1000, 1000, 1, true, indices));
  TIME("arg_extreme f32 rows of 10", 1000000, "ns/element", adj_arg_extreme(ADJ_F32, a, 100000, 10, 1, true, indices));
  TIME("arg_extreme f32 columns of 1000", 1000000, "ns/element", adj_arg_extreme(ADJ_F32, a, 1, 1000, 1000, true, indices));
  adj_random_bernoulli(1, 2, 3, ADJ_BOOL, 1000000, 0.5, b);
  TIME("nonzero bool, half set", 1000000, "ns/element", sink_integer = adj_nonzero(ADJ_BOOL, b, 1000000, indices));
  TIME("nonzero bool, count", 1000000, "ns/element", sink_integer = adj_nonzero(ADJ_BOOL, b, 1000000, NULL));
  TIME("sort f32 1000000", 1000000, "ns/element", adj_sort(ADJ_F32, a, 1, 1000000, 1, false, b, indices));
  TIME("sort f32 rows of 1000", 1000000, "ns/element", adj_sort(ADJ_F32, a, 1000, 1000, 1, false, b, indices));
  TIME("sort f32 rows of 10", 1000000, "ns/element", adj_sort(ADJ_F32, a, 100000, 10, 1, false, b, indices));
  TIME("sort f32 columns of 1000", 1000000, "ns/element", adj_sort(ADJ_F32, a, 1, 1000, 1000, false, b, indices));
  TIME("cumsum f32", 1000000, "ns/element", adj_cumsum(ADJ_F32, a, 1, 1000000, 1, false, b));
  TIME("cumsum f32 columns of 1000", 1000000, "ns/element", adj_cumsum(ADJ_F32, a, 1, 1000, 1000, false, b));

  for (int which = 0; which < 3; which++) {
    if (!adj_isa_select(isas[which])) continue;
    printf("%s\n", isas[which]);
    for (int d = 0; d < 2; d++) {
      adj_random_normal(1, 2, 3, (adj_dtype)d, 1024000, 0, 3, a);
      printf("float%d\n", d == 0 ? 32 : 64);
      TIME("  softmax rows of 10", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_SOFTMAX, a, 10240, 10, b));
      TIME("  softmax rows of 64", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_SOFTMAX, a, 1600, 64, b));
      TIME("  softmax rows of 1024", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_SOFTMAX, a, 100, 1024, b));
      TIME("  log-softmax rows of 10", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_LOG_SOFTMAX, a, 10240, 10, b));
      TIME("  log-softmax rows of 1024", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_LOG_SOFTMAX, a, 100, 1024, b));
      TIME("  log-sum-exp rows of 10", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_LOG_SUM_EXP, a, 10240, 10, b));
      TIME("  log-sum-exp rows of 1024", 102400, "ns/element", adj_softmax_rows((adj_dtype)d, ADJ_LOG_SUM_EXP, a, 100, 1024, b));
      TIME("  normal", 1000000, "ns/element", adj_random_normal(1, 2, 3, (adj_dtype)d, 1000000, 0, 1, b));
      TIME("  uniform", 1000000, "ns/element", adj_random_uniform(1, 2, 3, (adj_dtype)d, 1000000, 0, 1, b));
    }
    TIME("philox", 1000000, "ns/word", adj_philox(1, 2, 3, (uint32_t *)(void *)b, 1000000));
    TIME("bernoulli bool", 1000000, "ns/element", adj_random_bernoulli(1, 2, 3, ADJ_BOOL, 1000000, 0.5, b));
    TIME("integers", 1000000, "ns/element", adj_random_integers(1, 2, 3, 0, 1000, 1000000, indices));
    TIME("permutation", 1000000, "ns/element", adj_random_permutation(1, 2, 3, 1000000, indices));
  }
}

int main(int argc, char **argv) {
#if defined(__SANITIZE_ADDRESS__)
  plain_allocator = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  plain_allocator = true;
#endif
#endif
  if (argc > 1 && strcmp(argv[1], "bench") == 0) {
    bench();
    return 0;
  }
  check_sizes();
  check_limits();
  check_threads();
  check_copy();
  check_fill();
  check_index();
  check_order();
  check_softmax();
  check_random();
  printf(failures == 0 ? "all is well\n" : "%d checks failed\n", failures);
  return failures != 0;
}
