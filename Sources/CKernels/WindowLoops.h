// Body of Window.c, included once for each T (the element type) and PLACE (the integer of its size); NAME(x)
// adds its suffix.
#include <string.h>

#ifndef ADJ_WINDOW_LOOPS
#define ADJ_WINDOW_LOOPS

// The windows [*low, *high) along an axis whose tap k reads inside the input.
static inline void inside(const adj_window *w, int axis, int64_t k, int64_t *low, int64_t *high) {
  int64_t shift = k * w->dilation[axis] - w->before[axis];
  int64_t stride = w->stride[axis], last = w->input[axis] - 1 - shift;
  *low = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  *high = last < 0 ? 0 : last / stride + 1;
  if (*high > w->output[axis]) *high = w->output[axis];
  if (*low > *high) *low = *high;
}

// Runs the body for each channel, tap and line of windows, with the line's `column` (of the matrix of
// columns), `row` (of the input; null where it lies outside), first position `shift` and windows
// [low, high) that read inside the line.
#define FOR_EACH_LINE(IN, OUT, ...)                                                               \
  int64_t plane = w->input[1] * w->input[2], size = w->input[0] * plane;                          \
  for (int64_t c = 0; c < channels; c++, IN += size)                                              \
    for (int64_t k0 = 0; k0 < w->kernel[0]; k0++)                                                 \
      for (int64_t k1 = 0; k1 < w->kernel[1]; k1++)                                               \
        for (int64_t k2 = 0; k2 < w->kernel[2]; k2++) {                                           \
          int64_t low, high, shift = k2 * w->dilation[2] - w->before[2];                          \
          inside(w, 2, k2, &low, &high);                                                          \
          for (int64_t o0 = 0; o0 < w->output[0]; o0++) {                                         \
            int64_t i0 = o0 * w->stride[0] - w->before[0] + k0 * w->dilation[0];                  \
            for (int64_t o1 = 0; o1 < w->output[1]; o1++, OUT += w->output[2]) {                  \
              int64_t i1 = o1 * w->stride[1] - w->before[1] + k1 * w->dilation[1];                \
              bool found = i0 >= 0 && i0 < w->input[0] && i1 >= 0 && i1 < w->input[1];            \
              int64_t line = found ? i0 * plane + i1 * w->input[2] : 0;                           \
              __VA_ARGS__                                                                         \
            }                                                                                     \
          }                                                                                       \
        }

// Eight windows of a maximum are looked at together, on every machine.
#define LANES 8
#define INLINED inline __attribute__((always_inline))
typedef int64_t adj_wide_places __attribute__((ext_vector_type(LANES)));

// Whether the windows along an axis are its elements two by two.
static bool are_pairs(const adj_pool_axis *axis) {
  if (axis->step != 1) return false;
  for (int64_t o = 0; o < axis->output; o++)
    if (axis->begin[o] != 2 * o || axis->end[o] != 2 * o + 2) return false;
  return true;
}
#endif

typedef T NAME(lanes) __attribute__((ext_vector_type(LANES)));
typedef PLACE NAME(place);
typedef PLACE NAME(places) __attribute__((ext_vector_type(LANES)));
static const NAME(places) NAME(steps) = {0, 2, 4, 6, 8, 10, 12, 14};

static void NAME(unfold)(const adj_window *w, int64_t channels, const T *src, T *dst) {
  int64_t stride = w->stride[2], width = w->output[2];
  FOR_EACH_LINE(src, dst, {
    if (!found) {
      memset(dst, 0, (size_t)width * sizeof(T));
      continue;
    }
    const T *s = src + line;
    for (int64_t o = 0; o < low; o++) dst[o] = 0;
    if (stride == 1)
      memcpy(dst + low, s + (low + shift), (size_t)(high - low) * sizeof(T));
    else
      for (int64_t o = low; o < high; o++) dst[o] = s[o * stride + shift];
    for (int64_t o = high; o < width; o++) dst[o] = 0;
  })
}

static void NAME(fold)(const adj_window *w, int64_t channels, const T *src, T *dst) {
  int64_t stride = w->stride[2];
  FOR_EACH_LINE(dst, src, {
    if (!found) continue;
    T *d = dst + line;
    if (stride == 1) {
      for (int64_t o = low; o < high; o++) d[o + shift] += src[o];
    } else {
      for (int64_t o = low; o < high; o++) d[o * stride + shift] += src[o];
    }
  })
}

// Runs the body for each plane and window, with its number `o` and offset-free ranges, then for each line.
#define FOR_EACH_WINDOW(BEFORE, LINE, AFTER)                                                         \
  const adj_pool_axis *a = axes, *b = axes + 1, *c = axes + 2;                                       \
  int64_t input = a->input * b->input * c->input, output = a->output * b->output * c->output;        \
  for (int64_t p = 0; p < planes; p++, src += SRC_STEP, dst += DST_STEP)                             \
    for (int64_t x = 0, o = 0; x < a->output; x++)                                                   \
      for (int64_t y = 0; y < b->output; y++)                                                        \
        for (int64_t z = 0; z < c->output; z++, o++) {                                               \
          BEFORE                                                                                     \
          for (int64_t i = a->begin[x]; i < a->end[x]; i += a->step)                                 \
            for (int64_t j = b->begin[y]; j < b->end[y]; j += b->step) {                             \
              int64_t line = (i * b->input + j) * c->input;                                          \
              for (int64_t k = line + c->begin[z]; k < line + c->end[z]; k += c->step) { LINE }      \
            }                                                                                        \
          AFTER                                                                                      \
        }

#define SRC_STEP input
#define DST_STEP output
static void NAME(pool_mean)(const adj_pool_axis *axes, int64_t planes, const T *src, T *dst) {
  FOR_EACH_WINDOW(
      double sum = 0;, sum += src[k];
      , dst[o] = (T)(sum * (a->scale[x] * b->scale[y] * c->scale[z]));)
}

// Selections in place of branches, which the data would mislead.
static void NAME(pool_max_any)(const adj_pool_axis *axes, int64_t planes, const T *src, T *dst, int64_t *positions) {
  FOR_EACH_WINDOW(
      int64_t best = (a->begin[x] * b->input + b->begin[y]) * c->input + c->begin[z]; T top = src[best];
      , bool taken = (src[k] > top) | ((src[k] != src[k]) & (top == top));
      top = taken ? src[k] : top;
      best = taken ? k : best;
      , dst[o] = top;
      positions[p * output + o] = best;)
}

// The even and the odd of 2 * LANES elements.
static INLINED void NAME(split)(const T *src, NAME(lanes) *even, NAME(lanes) *odd) {
  NAME(lanes) low, high;
  memcpy(&low, src, sizeof low);
  memcpy(&high, src + LANES, sizeof high);
  *even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
  *odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
}

// Takes what is larger, with its place. By reference: not every machine can pass such vectors otherwise.
static INLINED void NAME(take)(const NAME(lanes) *value, NAME(place) step, NAME(lanes) *top, NAME(places) *best,
                               const NAME(places) *first) {
  NAME(places) taken = (*value > *top) | ((*value != *value) & (*top == *top));
  *top = taken ? *value : *top;
  *best = taken ? *first + step : *best;
}

// LANES windows of two by two, side by side: of the elements from `at` on in two lines.
static INLINED void NAME(pool_pairs)(const T *src, int64_t at, int64_t line, T *dst, int64_t *positions) {
  NAME(lanes) top, right, lower, lower_right;
  NAME(split)(src + at, &top, &right);
  NAME(split)(src + at + line, &lower, &lower_right);
  NAME(places) first = NAME(steps) + (NAME(place))at, best = first;
  NAME(take)(&right, 1, &top, &best, &first);
  NAME(take)(&lower, (NAME(place))line, &top, &best, &first);
  NAME(take)(&lower_right, (NAME(place))(line + 1), &top, &best, &first);
  memcpy(dst, &top, sizeof top);
  adj_wide_places wide = __builtin_convertvector(best, adj_wide_places);
  memcpy(positions, &wide, sizeof wide);
}

static void NAME(pool_max)(const adj_pool_axis *axes, int64_t planes, const T *src, T *dst, int64_t *positions) {
  const adj_pool_axis *rows = axes + 1, *columns = axes + 2;
  int64_t input = rows->input * columns->input, width = columns->output;
  if (axes->input != 1 || width < LANES || input > INT32_MAX || !are_pairs(rows) || !are_pairs(columns)) {
    NAME(pool_max_any)(axes, planes, src, dst, positions);
    return;
  }
  for (int64_t p = 0; p < planes; p++, src += input)
    for (int64_t y = 0; y < rows->output; y++, dst += width, positions += width) {
      int64_t line = 2 * y * columns->input, last = width - LANES;
      for (int64_t z = 0; z < last; z += LANES)
        NAME(pool_pairs)(src, line + 2 * z, columns->input, dst + z, positions + z);
      // The last windows overlap those before them.
      NAME(pool_pairs)(src, line + 2 * last, columns->input, dst + last, positions + last);
    }
}
#undef SRC_STEP
#undef DST_STEP

#define SRC_STEP output
#define DST_STEP input
static void NAME(pool_mean_add)(const adj_pool_axis *axes, int64_t planes, const T *src, T *dst) {
  FOR_EACH_WINDOW(T share = (T)(src[o] * (a->scale[x] * b->scale[y] * c->scale[z]));, dst[k] += share;, )
}
#undef SRC_STEP
#undef DST_STEP
#undef FOR_EACH_WINDOW
#undef T
#undef PLACE
#undef NAME
