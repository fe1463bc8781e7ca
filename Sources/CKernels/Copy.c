// Strided copies with conversion.
//
// The elements asked for are cut into boxes: at most one partial slice at either end of each axis and the
// whole slices between them. A box has no order of its own, so its axes are sorted by the destination's
// strides and merged where both arrays allow; what remains is a row, rows, or a transpose.
#include "Convert.h"
#include "Transpose.h"
#include "include/adj_memory.h"
#include <string.h>

typedef void (*row_function)(const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t count);

// One row of a conversion. The three loops are those that the compiler turns into vector code, and the rest.
#define CONVERT_ROW(FROM, TO) \
  static void row_##FROM##_##TO(const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t count) { \
    const adj_##FROM *s = src; \
    adj_##TO *d = dst; \
    if (dst_stride == 1 && src_stride == 1) { \
      for (int64_t i = 0; i < count; i++) d[i] = adj_##FROM##_to_##TO(s[i]); \
    } else if (dst_stride == 1 && src_stride == 0) { \
      adj_##TO value = adj_##FROM##_to_##TO(*s); \
      for (int64_t i = 0; i < count; i++) d[i] = value; \
    } else { \
      for (int64_t i = 0; i < count; i++) d[i * dst_stride] = adj_##FROM##_to_##TO(s[i * src_stride]); \
    } \
  }
CONVERT_ROW(f32, f64) CONVERT_ROW(f32, i32) CONVERT_ROW(f32, i64) CONVERT_ROW(f32, u8) CONVERT_ROW(f32, b8)
CONVERT_ROW(f64, f32) CONVERT_ROW(f64, i32) CONVERT_ROW(f64, i64) CONVERT_ROW(f64, u8) CONVERT_ROW(f64, b8)
CONVERT_ROW(i32, f32) CONVERT_ROW(i32, f64) CONVERT_ROW(i32, i64) CONVERT_ROW(i32, u8) CONVERT_ROW(i32, b8)
CONVERT_ROW(i64, f32) CONVERT_ROW(i64, f64) CONVERT_ROW(i64, i32) CONVERT_ROW(i64, u8) CONVERT_ROW(i64, b8)
CONVERT_ROW(u8, f32) CONVERT_ROW(u8, f64) CONVERT_ROW(u8, i32) CONVERT_ROW(u8, i64) CONVERT_ROW(u8, b8)
CONVERT_ROW(b8, f32) CONVERT_ROW(b8, f64) CONVERT_ROW(b8, i32) CONVERT_ROW(b8, i64)
#undef CONVERT_ROW

// One row without conversion, by element size. Short contiguous rows are common (the last axis of an
// image, say), and a call of memcpy costs more than they do; the empty assembly keeps the compiler from
// turning the loop back into that call.
#define MOVE_ROW(NAME, T) \
  static void NAME(const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t count) { \
    const T *s = src; \
    T *d = dst; \
    if (dst_stride == 1 && src_stride == 1) { \
      if (count * (int64_t)sizeof(T) >= 64) { \
        memcpy(d, s, (size_t)count * sizeof(T)); \
      } else { \
        _Pragma("clang loop vectorize(disable) unroll(disable)") \
        for (int64_t i = 0; i < count; i++) { d[i] = s[i]; __asm__("" ::: ); } \
      } \
    } else if (dst_stride == 1 && src_stride == 0) { \
      T value = *s; \
      for (int64_t i = 0; i < count; i++) d[i] = value; \
    } else { \
      for (int64_t i = 0; i < count; i++) d[i * dst_stride] = s[i * src_stride]; \
    } \
  }
MOVE_ROW(move_row_1, uint8_t)
MOVE_ROW(move_row_4, uint32_t)
MOVE_ROW(move_row_8, uint64_t)
#undef MOVE_ROW

static const row_function row_functions[6][6] = {
  [ADJ_F32] = {move_row_4, row_f32_f64, row_f32_i32, row_f32_i64, row_f32_u8, row_f32_b8},
  [ADJ_F64] = {row_f64_f32, move_row_8, row_f64_i32, row_f64_i64, row_f64_u8, row_f64_b8},
  [ADJ_I32] = {row_i32_f32, row_i32_f64, move_row_4, row_i32_i64, row_i32_u8, row_i32_b8},
  [ADJ_I64] = {row_i64_f32, row_i64_f64, row_i64_i32, move_row_8, row_i64_u8, row_i64_b8},
  [ADJ_U8] = {row_u8_f32, row_u8_f64, row_u8_i32, row_u8_i64, move_row_1, row_u8_b8},
  [ADJ_BOOL] = {row_b8_f32, row_b8_f64, row_b8_i32, row_b8_i64, move_row_1, move_row_1},
};

// ---- Boxes ----

typedef struct box_axis {
  int64_t length, src, dst; // strides in elements
} box_axis;

static inline int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

// A tile of the plane of two axes is small enough for both arrays' lines to stay in the first-level cache.
#define TILE 32

static void copy_plane(row_function row, bool moves, size_t src_size, size_t dst_size, const char *src,
                       char *dst, box_axis outer, box_axis inner) {
  if (moves && outer.src == 1 && inner.dst == 1) {
    adj_transpose_plane(src_size, src, inner.src, dst, outer.dst, outer.length, inner.length);
    return;
  }
  int64_t outer_src = outer.src * (int64_t)src_size, outer_dst = outer.dst * (int64_t)dst_size;
  int64_t inner_src = inner.src * (int64_t)src_size, inner_dst = inner.dst * (int64_t)dst_size;
  // The longer axis of a tile is walked inside, so that short rows do not cost a call each.
  int64_t tile_outer = inner.length < TILE ? 1024 / (inner.length > 0 ? inner.length : 1) : TILE;
  for (int64_t i = 0; i < outer.length; i += tile_outer) {
    int64_t height = outer.length - i < tile_outer ? outer.length - i : tile_outer;
    for (int64_t j = 0; j < inner.length; j += TILE) {
      int64_t width = inner.length - j < TILE ? inner.length - j : TILE;
      const char *s = src + i * outer_src + j * inner_src;
      char *d = dst + i * outer_dst + j * inner_dst;
      if (height > width) {
        for (int64_t k = 0; k < width; k++) row(s + k * inner_src, outer.src, d + k * inner_dst, outer.dst, height);
      } else {
        for (int64_t k = 0; k < height; k++) row(s + k * outer_src, inner.src, d + k * outer_dst, inner.dst, width);
      }
    }
  }
}

// All elements of a box of `rank` axes, the first being the slowest of the row-major order.
static void copy_box(int rank, const box_axis *given, row_function row, bool moves, size_t src_size,
                     size_t dst_size, const char *src, char *dst) {
  box_axis axes[ADJ_MAX_RANK];
  int n = 0;
  for (int i = 0; i < rank; i++) {
    box_axis axis = given[i];
    if (axis.length == 1) continue;
    if (axis.dst < 0) { // walk it from the other end
      dst += (axis.length - 1) * axis.dst * (int64_t)dst_size;
      src += (axis.length - 1) * axis.src * (int64_t)src_size;
      axis.dst = -axis.dst;
      axis.src = -axis.src;
    }
    int place = n++;
    while (place > 0 && (axes[place - 1].dst < axis.dst
                         || (axes[place - 1].dst == axis.dst && magnitude(axes[place - 1].src) < magnitude(axis.src)))) {
      axes[place] = axes[place - 1];
      place--;
    }
    axes[place] = axis;
  }
  if (n > 1) { // merge neighbours that are one axis in both arrays
    int merged = 0;
    for (int i = 1; i < n; i++) {
      box_axis *slow = &axes[merged];
      if (slow->dst == axes[i].dst * axes[i].length && slow->src == axes[i].src * axes[i].length) {
        slow->length *= axes[i].length;
        slow->dst = axes[i].dst;
        slow->src = axes[i].src;
      } else {
        axes[++merged] = axes[i];
      }
    }
    n = merged + 1;
  }
  if (n == 0) {
    row(src, 1, dst, 1, 1);
    return;
  }
  box_axis inner = axes[n - 1];
  if (n == 1) {
    row(src, inner.src, dst, inner.dst, inner.length);
    return;
  }
  // The second axis of the plane: the one along which the source is denser than along the inner axis,
  // if there is one; else, when rows are short, the next axis outwards; else none.
  int second = -1;
  if (inner.src != 0) {
    int64_t least = magnitude(inner.src);
    for (int i = n - 2; i >= 0; i--) {
      if (axes[i].src != 0 && magnitude(axes[i].src) < least) {
        least = magnitude(axes[i].src);
        second = i;
      }
    }
  }
  if (second < 0 && inner.length < TILE) second = n - 2;
  box_axis outer = {1, 0, 0};
  if (second >= 0) {
    outer = axes[second];
    for (int i = second; i < n - 2; i++) axes[i] = axes[i + 1];
    n--;
  }
  n--; // the inner axis is not counted from here on
  int64_t index[ADJ_MAX_RANK] = {0};
  for (;;) {
    if (second >= 0) copy_plane(row, moves, src_size, dst_size, src, dst, outer, inner);
    else row(src, inner.src, dst, inner.dst, inner.length);
    int axis = n - 1;
    for (; axis >= 0; axis--) {
      src += axes[axis].src * (int64_t)src_size;
      dst += axes[axis].dst * (int64_t)dst_size;
      if (++index[axis] < axes[axis].length) break;
      src -= axes[axis].length * axes[axis].src * (int64_t)src_size;
      dst -= axes[axis].length * axes[axis].dst * (int64_t)dst_size;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

typedef struct copy_job {
  box_axis axes[ADJ_MAX_RANK];
  int64_t below[ADJ_MAX_RANK]; // elements in one slice of each axis
  row_function row;
  bool moves;
  size_t src_size, dst_size;
  int rank;
} copy_job;

// Elements [begin, end) of the subspace of the axes from `axis` on, which is not all of it.
static void copy_range(copy_job *job, int axis, const char *src, char *dst, int64_t begin, int64_t end) {
  while (begin < end) {
    if (axis == job->rank) {
      job->row(src, 1, dst, 1, 1);
      return;
    }
    int64_t below = job->below[axis], slice = begin / below;
    const char *slice_src = src + slice * job->axes[axis].src * (int64_t)job->src_size;
    char *slice_dst = dst + slice * job->axes[axis].dst * (int64_t)job->dst_size;
    if (begin == slice * below && end >= begin + below) {
      int64_t length = (end - begin) / below;
      box_axis box[ADJ_MAX_RANK];
      memcpy(box, job->axes, sizeof box);
      box[axis].length = length;
      copy_box(job->rank - axis, box + axis, job->row, job->moves, job->src_size, job->dst_size, slice_src, slice_dst);
      begin += length * below;
    } else {
      int64_t stop = (slice + 1) * below < end ? (slice + 1) * below : end;
      copy_range(job, axis + 1, slice_src, slice_dst, begin - slice * below, stop - slice * below);
      begin = stop;
    }
  }
}

void adj_copy(int rank, const int64_t *shape, const adj_view *src, const adj_view *dst, int64_t begin, int64_t end) {
  if (begin >= end) return;
  copy_job job;
  job.row = row_functions[src->dtype][dst->dtype];
  job.moves = src->dtype == dst->dtype || (src->dtype == ADJ_BOOL && dst->dtype == ADJ_U8);
  job.src_size = adj_element_size(src->dtype);
  job.dst_size = adj_element_size(dst->dtype);
  // Axes of length 1 are dropped and neighbours merged where both arrays allow: the row-major order of
  // the elements, which begin and end count, stays the same.
  int n = 0;
  for (int i = 0; i < rank; i++) {
    if (shape[i] == 1) continue;
    box_axis axis = {shape[i], src->strides[i], dst->strides[i]};
    if (n > 0 && job.axes[n - 1].src == axis.src * axis.length && job.axes[n - 1].dst == axis.dst * axis.length) {
      axis.length *= job.axes[n - 1].length;
      job.axes[n - 1] = axis;
    } else {
      job.axes[n++] = axis;
    }
  }
  job.rank = n;
  int64_t below = 1;
  bool same = src->data == dst->data && job.moves;
  for (int i = n - 1; i >= 0; i--) {
    job.below[i] = below;
    below *= job.axes[i].length;
    same = same && job.axes[i].src == job.axes[i].dst;
  }
  if (same) return; // onto itself
  copy_range(&job, 0, src->data, dst->data, begin, end);
}
