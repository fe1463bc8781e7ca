// Body of Window.c, included once for each T (the element type); NAME(x) adds its suffix.
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
#endif

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

static void NAME(pool_max)(const adj_pool_axis *axes, int64_t planes, const T *src, T *dst, int64_t *positions) {
  FOR_EACH_WINDOW(
      int64_t best = (a->begin[x] * b->input + b->begin[y]) * c->input + c->begin[z]; T top = src[best];
      , if (src[k] > top || (src[k] != src[k] && top == top)) {
        top = src[k];
        best = k;
      }, dst[o] = top;
      positions[p * output + o] = best;)
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
#undef NAME
