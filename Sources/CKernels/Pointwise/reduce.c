// adj_reduce. Where the last reduced axis is the consecutive one, runs of it are evaluated and reduced
// one after the other ("rows"); where the last kept axis is, a group of rows is evaluated for a stretch
// of kept columns and taken into one accumulator per column ("columns"). Which of the two, and the
// grouping of the terms, follows from shape and strides alone, so that results do not depend on how the
// kept elements are split among threads.
#include "evaluate.h"
#include <math.h>
#include <stdlib.h>

enum { BUFFER = 2048, RESULTS = 128, COLUMNS = 256 };

typedef struct reducer {
  adj_dtype compute;
  adj_reduction reduction;
  const adj_view *output;
  const int64_t *shape;
  int kept;
  double scale;
  bool accumulate;
  // A program that only copies is not run: its input is reduced where it lies.
  int copy_of;  // slot, or -1
  int output_slot;
  int64_t index[ADJ_MAX_RANK], at, place;  // of the output element `at`
  evaluator e;
  _Alignas(64) char buffer[BUFFER * 8];
} reducer;

static adj_scalar neutral(adj_dtype compute, adj_reduction reduction) {
  bool integer = compute == ADJ_I64;
  adj_scalar s;
  switch (reduction) {
    case ADJ_SUM: s.i = 0; break;  // as bits, 0.0 too
    case ADJ_PROD:
      if (integer) s.i = 1;
      else s.f = 1;
      break;
    case ADJ_REDUCE_MAX:
      if (integer) s.i = INT64_MIN;
      else s.f = -INFINITY;
      break;
    default:
      if (integer) s.i = INT64_MAX;
      else s.f = INFINITY;
      break;
  }
  return s;
}

static double combine_floats(adj_reduction reduction, double a, double b) {
  switch (reduction) {
    case ADJ_SUM: return a + b;
    case ADJ_PROD: return a * b;
    case ADJ_REDUCE_MAX: return isnan(a) ? a : b > a || isnan(b) ? b : a;
    default: return isnan(a) ? a : b < a || isnan(b) ? b : a;
  }
}

static int64_t combine_integers(adj_reduction reduction, int64_t a, int64_t b) {
  switch (reduction) {
    case ADJ_SUM: return (int64_t)((uint64_t)a + (uint64_t)b);
    case ADJ_PROD: return (int64_t)((uint64_t)a * (uint64_t)b);
    case ADJ_REDUCE_MAX: return a > b ? a : b;
    default: return a < b ? a : b;
  }
}

// Stores the results of `n` kept elements from number `k` on, converted from float64 or int64.
static void store(reducer *r, int64_t k, const adj_scalar *results, int64_t n) {
  const adj_view *v = r->output;
  const adj_kernels *kernels = r->e.kernels;
  int wide = r->compute == ADJ_I64 ? 2 : 1;
  int32_t size = adj_dtype_size(v->dtype);
  if (r->at != k) {
    int64_t rest = k;
    r->place = 0;
    for (int axis = r->kept - 1; axis >= 0; axis--) {
      r->index[axis] = axis > 0 ? rest % r->shape[axis] : rest;
      rest /= axis > 0 ? r->shape[axis] : 1;
      r->place += r->index[axis] * v->strides[axis];
    }
    r->at = k;
  }
  int inner = r->kept - 1;
  if (!r->accumulate && r->compute != ADJ_I64 && v->dtype == ADJ_F32 && inner >= 0 &&
      r->index[inner] + n <= r->shape[inner]) {
    // The common case, free of decisions per element.
    float *to = (float *)v->data + r->place;
    int64_t stride = v->strides[inner];
    for (int64_t i = 0; i < n; i++) to[i * stride] = (float)(results[i].f * r->scale);
    r->at = -1;
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    void *to = (char *)v->data + r->place * size;
    adj_scalar s = results[i];
    if (r->compute != ADJ_I64) s.f *= r->scale;
    else if (r->scale != 1) {
      double scaled = (double)s.i * r->scale;
      kernels->gather[2][ADJ_F64](&s, &scaled, 0, 1, 1, 1);
    }
    if (r->accumulate) {
      adj_scalar held;
      kernels->gather[wide][v->dtype](&held, to, 0, 1, 1, 1);
      if (wide == 2) s.i = combine_integers(r->reduction, held.i, s.i);
      else s.f = combine_floats(r->reduction, held.f, s.f);
    }
    if (v->dtype == ADJ_F32 && wide == 1) *(float *)to = (float)s.f;
    else if (v->dtype == ADJ_F64 && wide == 1) *(double *)to = s.f;
    else kernels->scatter[wide][v->dtype](to, &s, 0, 1, 1, 1);
    // On to the next element.
    for (int axis = r->kept - 1; axis >= 0; axis--) {
      r->place += v->strides[axis];
      if (++r->index[axis] < r->shape[axis] || axis == 0) break;
      r->place -= r->index[axis] * v->strides[axis];
      r->index[axis] = 0;
    }
  }
  r->at += n;
}

// Evaluates elements [begin, begin + n) of the evaluator's space, n <= BUFFER unless one block covers
// them, and returns where they are.
static const void *evaluate(reducer *r, int64_t begin, int64_t n) {
  evaluator *e = &r->e;
  int64_t limit = adj_evaluator_limit(e, begin, begin + n);
  if (r->copy_of >= 0 && limit == n) {
    adj_evaluator_load(e, begin, n);
    adj_evaluator_store(e, n);
    return e->slots[r->copy_of];
  }
  for (int64_t done = 0; done < n; done += limit) {
    limit = adj_evaluator_limit(e, begin + done, begin + n);
    adj_evaluator_load(e, begin + done, limit);
    e->slots[r->output_slot] = r->buffer + done * e->size;
    adj_evaluator_execute(e, limit);
    adj_evaluator_store(e, limit);
  }
  return r->buffer;
}

// The space of the evaluator is kept and reduced axes together.
static void reduce_rows(reducer *r, int64_t run, int64_t kept_begin, int64_t kept_end, int64_t begin,
                        int64_t end) {
  evaluator *e = &r->e;
  adj_reduce_rows kernel = e->kernels->rows[e->type][r->reduction];
  adj_scalar results[RESULTS];
  if (begin == 0 && end == run && run <= BUFFER / 4) {
    // Several short runs at a time.
    int64_t together = BUFFER / run < RESULTS ? BUFFER / run : RESULTS;
    for (int64_t k = kept_begin; k < kept_end; k += together) {
      int64_t n = kept_end - k < together ? kept_end - k : together;
      kernel(results, evaluate(r, k * run, n * run), (size_t)n, (size_t)run);
      store(r, k, results, n);
    }
    return;
  }
  for (int64_t k = kept_begin; k < kept_end; k++) {
    int64_t from = k * run + begin, to = k * run + end;
    adj_scalar total = neutral(r->compute, r->reduction);
    double low = 0;
    while (from < to) {
      int64_t n = adj_evaluator_limit(e, from, to);
      if (r->copy_of < 0 && n > BUFFER) n = BUFFER;
      adj_scalar part;
      kernel(&part, evaluate(r, from, n), 1, (size_t)n);
      from += n;
      if (r->compute == ADJ_I64) {
        total.i = combine_integers(r->reduction, total.i, part.i);
      } else if (r->reduction == ADJ_SUM) {
        // Knuth's two-sum: there may be any number of parts.
        double t = total.f + part.f, u = t - total.f;
        low += (total.f - (t - u)) + (part.f - u);
        total.f = t;
      } else {
        total.f = combine_floats(r->reduction, total.f, part.f);
      }
    }
    if (r->compute != ADJ_I64 && r->reduction == ADJ_SUM && isfinite(total.f)) total.f += low;
    store(r, k, &total, 1);
  }
}

// The space of the evaluator is the reduced axes and, last, `width` columns of the last kept axis, of
// which [column, column + n) are taken in. `data` moves by the outer kept axes.
static void reduce_columns(reducer *r, int64_t k, int64_t column, int64_t n, int64_t width, int64_t begin,
                           int64_t end, const adj_view *direct, int64_t row_stride) {
  evaluator *e = &r->e;
  adj_reduce_columns kernel = e->kernels->columns[e->type][r->reduction];
  adj_scalar acc[COLUMNS];
  double low[COLUMNS];
  for (; n > 0; column += COLUMNS, k += COLUMNS, n -= COLUMNS) {
    int64_t m = n < COLUMNS ? n : COLUMNS;
    for (int64_t j = 0; j < m; j++) acc[j] = neutral(r->compute, r->reduction), low[j] = 0;
    if (direct) {
      const char *p = e->arrays[0].data + (column + begin * row_stride) * e->size;
      kernel(acc, low, p, row_stride, (size_t)(end - begin), (size_t)m);
    } else {
      // A multiple of eight rows: the kernels sum by eights.
      int64_t group = BUFFER / m & ~7ll;
      for (int64_t row = begin; row < end; row += group) {
        int64_t rows = end - row < group ? end - row : group;
        if (m == width) {
          kernel(acc, low, evaluate(r, row * width, rows * width), m, (size_t)rows, (size_t)m);
        } else {
          // Each row's stretch beside the one before.
          for (int64_t i = 0; i < rows; i++) {
            int64_t done = 0;
            while (done < m) {
              int64_t at = (row + i) * width + column + done;
              int64_t limit = adj_evaluator_limit(e, at, at + m - done);
              adj_evaluator_load(e, at, limit);
              e->slots[r->output_slot] = r->buffer + (i * m + done) * e->size;
              adj_evaluator_execute(e, limit);
              adj_evaluator_store(e, limit);
              done += limit;
            }
          }
          kernel(acc, low, r->buffer, m, (size_t)rows, (size_t)m);
        }
      }
    }
    if (r->compute != ADJ_I64 && r->reduction == ADJ_SUM)
      for (int64_t j = 0; j < m; j++)
        if (isfinite(acc[j].f)) acc[j].f += low[j];
    store(r, k, acc, m);
  }
}

static int last_long_axis(const int64_t *shape, int from, int to) {
  for (int axis = to - 1; axis >= from; axis--)
    if (shape[axis] != 1) return axis;
  return -1;
}

void adj_reduce(const adj_program *program, adj_dtype compute, adj_reduction reduction, int kept,
                int reduced, const int64_t *shape, const adj_view *inputs, const adj_scalar *scalars,
                const adj_view *output, double scale, bool accumulate, int64_t kept_begin,
                int64_t kept_end, int64_t reduced_begin, int64_t reduced_end) {
  if (kept_begin >= kept_end) return;
  reducer r;
  r.compute = compute;
  r.reduction = reduction;
  r.output = output;
  r.shape = shape;
  r.kept = kept;
  r.scale = reduction == ADJ_SUM ? scale : 1;
  r.accumulate = accumulate;
  r.copy_of = program->count == 1 && program->code[0].op == ADJ_COPY ? program->code[0].a : -1;
  r.output_slot = program->inputs + program->scalars + program->temporaries;
  r.at = -1;
  r.place = 0;
  r.e.kernels = adj_kernels_get();

  if (reduced_begin >= reduced_end) {
    adj_scalar empty = neutral(compute, reduction);
    for (int64_t k = kept_begin; k < kept_end; k++) store(&r, k, &empty, 1);
    return;
  }

  int rank = kept + reduced;
  int64_t run = 1;
  for (int axis = kept; axis < rank; axis++) run *= shape[axis];
  int kept_axis = last_long_axis(shape, 0, kept), reduced_axis = last_long_axis(shape, kept, rank);

  // Columns pay where they spare strided reads.
  int against_rows = 0, against_columns = 0;
  for (int i = 0; i < program->inputs; i++) {
    int64_t along_run = reduced_axis < 0 ? 1 : inputs[i].strides[reduced_axis];
    int64_t along_kept = kept_axis < 0 ? 1 : inputs[i].strides[kept_axis];
    if (along_run != 0 && along_run != 1) against_rows++;
    if (along_kept != 0 && along_kept != 1) against_columns++;
  }
  bool by_columns = kept_axis >= 0 && reduced_axis >= 0 && against_rows > against_columns;

  if (!by_columns) {
    adj_evaluator_open(&r.e, program, compute, rank, shape, inputs, scalars, NULL,
                       (kept_end - kept_begin) * run);
    reduce_rows(&r, run, kept_begin, kept_end, reduced_begin, reduced_end);
    adj_evaluator_close(&r.e);
    return;
  }

  // The reduced axes, then the last kept one; the kept axes before it move the inputs' origins.
  int64_t width = shape[kept_axis], inner_shape[ADJ_MAX_RANK];
  enum { STACK_VIEWS = 16 };
  adj_view stack_views[STACK_VIEWS], *views = stack_views;
  if (program->inputs > STACK_VIEWS) {
    views = malloc(sizeof(adj_view) * (size_t)program->inputs);
    if (!views) abort();
  }
  for (int axis = 0; axis < reduced; axis++) inner_shape[axis] = shape[kept + axis];
  inner_shape[reduced] = width;
  for (int i = 0; i < program->inputs; i++) {
    views[i] = inputs[i];
    for (int axis = 0; axis < reduced; axis++) views[i].strides[axis] = inputs[i].strides[kept + axis];
    views[i].strides[reduced] = inputs[i].strides[kept_axis];
  }
  adj_evaluator_open(&r.e, program, compute, reduced + 1, inner_shape, views, scalars, NULL, BUFFER);
  // Straight from the array where its rows are evenly spaced.
  const adj_view *direct = NULL;
  int64_t row_stride = 0;
  if (r.copy_of == 0 && program->inputs > 0 && inputs[0].dtype == (int32_t)compute &&
      inputs[0].strides[kept_axis] == 1) {
    bool even = true;
    row_stride = inputs[0].strides[reduced_axis];
    int64_t expected = row_stride;
    for (int axis = reduced_axis; even && axis >= kept; axis--) {
      if (shape[axis] == 1) continue;
      even = inputs[0].strides[axis] == expected;
      expected *= shape[axis];
    }
    if (even) direct = &inputs[0];
  }
  for (int64_t k = kept_begin; k < kept_end;) {
    int64_t column = k % width, outer = k / width;
    int64_t n = kept_end - k < width - column ? kept_end - k : width - column;
    for (int i = 0; i < program->inputs; i++) {
      int64_t rest = outer, place = 0;
      for (int axis = kept_axis - 1; axis >= 0 && rest > 0; axis--) {
        place += rest % shape[axis] * inputs[i].strides[axis];
        rest /= shape[axis];
      }
      adj_evaluator_move(&r.e, i, (const char *)inputs[i].data + place * adj_dtype_size(inputs[i].dtype));
    }
    reduce_columns(&r, k, column, n, width, reduced_begin, reduced_end, direct, row_stride);
    k += n;
  }
  adj_evaluator_close(&r.e);
  if (views != stack_views) free(views);
}
