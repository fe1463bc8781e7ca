// Checks the kernels that look through windows (convolution's columns and their transpose, pooling) against
// plain versions, over odd sizes, paddings, strides and dilations.
//
//   clang -O2 -std=gnu11 -ISources/CKernels/include Tests/KernelChecks/window_check.c \
//     Sources/CKernels/Window.c -lm -o window_check && ./window_check
//
// Argument "bench" prints timings instead.
#include "adj_window.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int failures;

#define CHECK(CONDITION, ...)                        \
  do {                                               \
    if (!(CONDITION)) {                              \
      if (failures++ < 20) {                         \
        printf("%s:%d: %s: ", __FILE__, __LINE__, #CONDITION); \
        printf(__VA_ARGS__);                         \
        printf("\n");                                \
      }                                              \
    }                                                \
  } while (0)

// xorshift64*
static uint64_t state = 0x9e3779b97f4a7c15ull;
static int64_t below(int64_t n) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (int64_t)((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

// Numbers in either type, read and written as float64.
typedef struct numbers {
  adj_dtype dtype;
  int64_t count;
  void *data;
} numbers;

static double get(const numbers *x, int64_t i) {
  return x->dtype == ADJ_F32 ? (double)((float *)x->data)[i] : ((double *)x->data)[i];
}
static void set(numbers *x, int64_t i, double value) {
  if (x->dtype == ADJ_F32) ((float *)x->data)[i] = (float)value;
  else ((double *)x->data)[i] = value;
}

// Small whole numbers, so that sums are exact in any order, and ties are frequent. One more element behind
// must stay as it is.
static numbers make(adj_dtype dtype, int64_t count, bool cleared) {
  numbers x = {dtype, count, malloc((size_t)(count + 1) * 8)};
  for (int64_t i = 0; i < count; i++) set(&x, i, cleared ? 0 : (double)(below(9) - 4));
  set(&x, count, 12345);
  return x;
}
static void discard(numbers *x, const char *what) {
  CHECK(get(x, x->count) == 12345, "%s wrote behind its result", what);
  free(x->data);
}

// ---- Convolution's columns ----

// What tap k of window o reads along each axis; false outside.
static bool position(const adj_window *w, const int64_t *k, const int64_t *o, int64_t *at) {
  *at = 0;
  for (int axis = 0; axis < 3; axis++) {
    int64_t i = o[axis] * w->stride[axis] - w->before[axis] + k[axis] * w->dilation[axis];
    if (i < 0 || i >= w->input[axis]) return false;
    *at = *at * w->input[axis] + i;
  }
  return true;
}

static void check_columns(adj_dtype dtype) {
  adj_window w;
  int64_t channels = 1 + below(3), input = channels, columns = channels;
  for (int axis = 0; axis < 3; axis++) {
    w.kernel[axis] = 1 + below(4);
    w.dilation[axis] = 1 + below(3);
    w.stride[axis] = 1 + below(3);
    w.before[axis] = below(4);
    int64_t behind = below(4), span = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
    w.input[axis] = 1 + below(axis == 2 ? 90 : 7);
    if (w.input[axis] + w.before[axis] + behind < span) w.input[axis] = span;
    w.output[axis] = (w.input[axis] + w.before[axis] + behind - span) / w.stride[axis] + 1;
    input *= w.input[axis];
    columns *= w.kernel[axis] * w.output[axis];
  }
  numbers x = make(dtype, input, false), unfolded = make(dtype, columns, false);
  numbers u = make(dtype, columns, false), folded = make(dtype, input, false), expected = make(dtype, input, false);
  memcpy(expected.data, folded.data, (size_t)(input + 1) * 8);
  adj_unfold(dtype, &w, channels, x.data, unfolded.data);
  adj_fold(dtype, &w, channels, u.data, folded.data);
  int64_t plane = input / channels, n = 0, k[3], o[3], at;
  for (int64_t c = 0; c < channels; c++)
    for (k[0] = 0; k[0] < w.kernel[0]; k[0]++)
      for (k[1] = 0; k[1] < w.kernel[1]; k[1]++)
        for (k[2] = 0; k[2] < w.kernel[2]; k[2]++)
          for (o[0] = 0; o[0] < w.output[0]; o[0]++)
            for (o[1] = 0; o[1] < w.output[1]; o[1]++)
              for (o[2] = 0; o[2] < w.output[2]; o[2]++, n++) {
                bool found = position(&w, k, o, &at);
                double value = found ? get(&x, c * plane + at) : 0;
                CHECK(get(&unfolded, n) == value, "column %" PRId64 " is %g, not %g", n, get(&unfolded, n), value);
                if (found) set(&expected, c * plane + at, get(&expected, c * plane + at) + get(&u, n));
              }
  for (int64_t i = 0; i < input; i++)
    CHECK(get(&folded, i) == get(&expected, i), "element %" PRId64 " is %g, not %g", i, get(&folded, i), get(&expected, i));
  discard(&x, "unfold"), discard(&unfolded, "unfold"), discard(&u, "fold"), discard(&folded, "fold");
  discard(&expected, "this check");
}

// ---- Pooling ----

enum { MOST = 64 };
typedef struct axis_data {
  int64_t begin[MOST], end[MOST];
  double scale[MOST];
} axis_data;

// Windows of one length and distance, cut off at the borders, or of any lengths. `pairs`: two by two.
static adj_pool_axis make_axis(axis_data *data, bool single, bool pairs) {
  adj_pool_axis axis = {data->begin, data->end, data->scale, 1, 1, 1};
  if (!single && pairs) {
    axis.output = 1 + below(40);
    axis.input = 2 * axis.output + below(2);
    for (int64_t o = 0; o < axis.output; o++) data->begin[o] = 2 * o, data->end[o] = 2 * o + 2;
  } else if (!single) {
    int64_t kernel = 1 + below(4), stride = 1 + below(3), before = below(kernel / 2 + 1);
    axis.step = 1 + below(2);
    int64_t span = (kernel - 1) * axis.step + 1;
    axis.input = span + below(30);
    axis.output = (axis.input + before - span) / stride + 1;
    for (int64_t o = 0; o < axis.output; o++) {
      int64_t first = o * stride - before;
      data->end[o] = first + span < axis.input ? first + span : axis.input;
      while (first < 0) first += axis.step;
      data->begin[o] = first;
    }
  } else {
    data->begin[0] = 0, data->end[0] = 1;
  }
  for (int64_t o = 0; o < axis.output; o++) data->scale[o] = 1.0 / (double)(1 << below(3));
  return axis;
}

static void check_means(adj_dtype dtype, bool pairs) {
  static axis_data data[3];
  adj_pool_axis axes[3];
  int64_t planes = 1 + below(3), input = 1, output = 1;
  for (int axis = 0; axis < 3; axis++) {
    axes[axis] = make_axis(&data[axis], axis < 1 && (pairs || below(2)), pairs);
    input *= axes[axis].input, output *= axes[axis].output;
  }
  numbers x = make(dtype, planes * input, false), u = make(dtype, planes * output, false);
  numbers mean = make(dtype, planes * output, true);
  numbers spread = make(dtype, planes * input, true), expected = make(dtype, planes * input, true);
  adj_pool_mean(dtype, axes, planes, x.data, mean.data);
  adj_pool_mean_add(dtype, axes, planes, u.data, spread.data);
  int64_t n = 0;
  for (int64_t p = 0; p < planes; p++)
    for (int64_t a = 0; a < axes[0].output; a++)
      for (int64_t b = 0; b < axes[1].output; b++)
        for (int64_t c = 0; c < axes[2].output; c++, n++) {
          double sum = 0, scale = data[0].scale[a] * data[1].scale[b] * data[2].scale[c];
          for (int64_t i = data[0].begin[a]; i < data[0].end[a]; i += axes[0].step)
            for (int64_t j = data[1].begin[b]; j < data[1].end[b]; j += axes[1].step)
              for (int64_t k = data[2].begin[c]; k < data[2].end[c]; k += axes[2].step) {
                int64_t at = p * input + (i * axes[1].input + j) * axes[2].input + k;
                sum += get(&x, at);
                set(&expected, at, get(&expected, at) + get(&u, n) * scale);
              }
          CHECK(get(&mean, n) == sum * scale, "mean %" PRId64 " is %g, not %g", n, get(&mean, n), sum * scale);
        }
  for (int64_t i = 0; i < planes * input; i++)
    CHECK(get(&spread, i) == get(&expected, i), "element %" PRId64 " is %g, not %g", i, get(&spread, i), get(&expected, i));
  discard(&x, "pool_mean"), discard(&u, "pool_mean_add"), discard(&mean, "pool_mean");
  discard(&spread, "pool_mean_add"), discard(&expected, "this check");
}

static void check_maximum(adj_dtype dtype, bool pairs) {
  static axis_data data[3];
  adj_pool_axis axes[3];
  int64_t planes = 1 + below(3), input = 1, output = 1;
  for (int axis = 0; axis < 3; axis++) {
    axes[axis] = make_axis(&data[axis], axis < 1 && (pairs || below(2)), pairs);
    input *= axes[axis].input, output *= axes[axis].output;
  }
  numbers x = make(dtype, planes * input, false), top = make(dtype, planes * output, true);
  for (int64_t i = 0; i < planes * input; i++)
    if (below(20) == 0) set(&x, i, below(2) ? NAN : below(2) ? INFINITY : -INFINITY);
  int64_t *positions = malloc((size_t)(planes * output) * 8);
  adj_pool_max(dtype, axes, planes, x.data, top.data, positions);
  int64_t n = 0;
  for (int64_t p = 0; p < planes; p++)
    for (int64_t a = 0; a < axes[0].output; a++)
      for (int64_t b = 0; b < axes[1].output; b++)
        for (int64_t c = 0; c < axes[2].output; c++, n++) {
          double best = 0;
          int64_t place = -1;
          for (int64_t i = data[0].begin[a]; i < data[0].end[a]; i += axes[0].step)
            for (int64_t j = data[1].begin[b]; j < data[1].end[b]; j += axes[1].step)
              for (int64_t k = data[2].begin[c]; k < data[2].end[c]; k += axes[2].step) {
                int64_t at = (i * axes[1].input + j) * axes[2].input + k;
                double value = get(&x, p * input + at);
                if (place < 0 || value > best || (isnan(value) && !isnan(best))) best = value, place = at;
              }
          CHECK(positions[n] == place, "position %" PRId64 " is %" PRId64 ", not %" PRId64, n, positions[n], place);
          CHECK(get(&top, n) == best || (isnan(best) && isnan(get(&top, n))), "maximum %" PRId64 " is %g, not %g", n,
                get(&top, n), best);
        }
  discard(&x, "pool_max"), discard(&top, "pool_max");
  free(positions);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

#define TIME(LABEL, ...)                                       \
  do {                                                         \
    double least = 1e30;                                       \
    for (int run = 0; run < 200; run++) {                      \
      double start = now();                                    \
      __VA_ARGS__;                                             \
      double spent = now() - start;                            \
      if (spent < least) least = spent;                        \
    }                                                          \
    printf("%-28s %8.1f us\n", LABEL, least);                  \
  } while (0)

static void bench(void) {
  adj_window w = {{1, 14, 14}, {1, 5, 5}, {1, 10, 10}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}};
  numbers x = make(ADJ_F32, 64 * 6 * 784, false), columns = make(ADJ_F32, 150 * 100, false);
  TIME("unfold [6, 14, 14] 5x5", adj_unfold(ADJ_F32, &w, 6, x.data, columns.data));
  TIME("fold [6, 14, 14] 5x5", adj_fold(ADJ_F32, &w, 6, columns.data, x.data));
  static axis_data data[3];
  for (int64_t o = 0; o < 14; o++) data[1].begin[o] = 2 * o, data[1].end[o] = 2 * o + 2, data[1].scale[o] = 0.5;
  data[0].end[0] = 1, data[0].scale[0] = 1;
  adj_pool_axis axes[3] = {{data[0].begin, data[0].end, data[0].scale, 1, 1, 1},
                           {data[1].begin, data[1].end, data[1].scale, 1, 28, 14},
                           {data[1].begin, data[1].end, data[1].scale, 1, 28, 14}};
  numbers top = make(ADJ_F32, 64 * 6 * 196, true), noise = make(ADJ_F32, 64 * 6 * 784, false);
  int64_t *positions = malloc(64 * 6 * 196 * 8);
  TIME("pool_max [384, 28, 28] 2x2", adj_pool_max(ADJ_F32, axes, 384, noise.data, top.data, positions));
  TIME("pool_mean [384, 28, 28] 2x2", adj_pool_mean(ADJ_F32, axes, 384, noise.data, top.data));
  free(positions);
  discard(&x, "fold"), discard(&columns, "unfold"), discard(&top, "pool_mean"), discard(&noise, "bench");
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "bench") == 0) {
    bench();
    return failures != 0;
  }
  for (int round = 0; round < 300; round++) {
    adj_dtype dtype = round % 2 ? ADJ_F64 : ADJ_F32;
    check_columns(dtype);
    for (int pairs = 0; pairs < 2; pairs++) {
      check_means(dtype, pairs);
      check_maximum(dtype, pairs);
    }
  }
  printf(failures ? "%d failures\n" : "windows: columns, means and maxima agree\n", failures);
  return failures != 0;
}
