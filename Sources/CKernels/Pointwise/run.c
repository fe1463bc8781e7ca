// adj_run: a program over a range of elements, block by block.
#include "evaluate.h"
#include <string.h>

static int64_t place_of(const adj_view *v, int rank, const int64_t *shape, int64_t element) {
  if (element == 0) return 0;
  int64_t o = 0;
  for (int axis = rank - 1; axis > 0; axis--) {
    o += element % shape[axis] * v->strides[axis];
    element /= shape[axis];
  }
  return rank > 0 ? o + element * v->strides[0] : 0;
}

// One element, without the machinery of blocks: small programs on scalars live off this.
static void run_one(const adj_program *p, adj_dtype compute, int rank, const int64_t *shape,
                    const adj_view *inputs, const adj_scalar *scalars, const adj_view *outputs,
                    int64_t element) {
  const adj_kernels *kernels = adj_kernels_get();
  int type = adj_compute_index(compute);
  adj_scalar values[STACK_SLOTS];
  void *slots[STACK_SLOTS];
  int slot = 0;
  for (int i = 0; i < p->inputs; i++, slot++) {
    const adj_view *v = &inputs[i];
    char *at = (char *)v->data + place_of(v, rank, shape, element) * adj_dtype_size(v->dtype);
    if (v->dtype == (int32_t)compute) {
      slots[slot] = at;
    } else {
      kernels->gather[type][v->dtype](&values[slot], at, 0, 1, 1, 1);
      slots[slot] = &values[slot];
    }
  }
  for (int i = 0; i < p->scalars; i++, slot++) {
    if (compute == ADJ_F32) {
      float narrow = (float)scalars[i].f;
      memcpy(&values[slot], &narrow, sizeof narrow);
    } else {
      values[slot] = scalars[i];
    }
    slots[slot] = &values[slot];
  }
  int end = slot + p->temporaries + p->outputs, first_output = slot + p->temporaries;
  for (; slot < end; slot++) slots[slot] = &values[slot];
  // A single instruction writes straight to the array; longer programs might read it afterwards.
  if (p->count == 1 && p->outputs == 1 && outputs[0].dtype == (int32_t)compute) {
    const adj_instruction *c = p->code;
    void *to = (char *)outputs[0].data +
               place_of(&outputs[0], rank, shape, element) * adj_dtype_size(outputs[0].dtype);
    kernels->op[type][c->op](to, slots[c->a], slots[c->b], slots[c->c], 1);
    return;
  }
  for (int i = 0; i < p->count; i++) {
    const adj_instruction *c = &p->code[i];
    kernels->op[type][c->op](slots[c->dst], slots[c->a], slots[c->b], slots[c->c], 1);
  }
  for (int i = 0; i < p->outputs; i++) {
    const adj_view *v = &outputs[i];
    char *to = (char *)v->data + place_of(v, rank, shape, element) * adj_dtype_size(v->dtype);
    kernels->scatter[type][v->dtype](to, slots[first_output + i], 0, 1, 1, 1);
  }
}

static bool in_order(const adj_view *v, adj_dtype compute, int rank, const int64_t *shape) {
  if (v->dtype != (int32_t)compute) return false;
  int64_t expected = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    if (shape[axis] != 1 && v->strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

// One instruction over arrays that all lie in row-major order is one call.
static bool run_directly(const adj_program *p, adj_dtype compute, int rank, const int64_t *shape,
                         const adj_view *inputs, const adj_view *outputs, int64_t begin, int64_t end) {
  if (p->count != 1 || p->scalars != 0 || p->temporaries != 0 || p->outputs != 1 || p->inputs == 0) return false;
  const adj_instruction *c = p->code;
  if (c->a >= p->inputs || c->b >= p->inputs || c->c >= p->inputs) return false;
  const adj_view *a = &inputs[c->a], *b = &inputs[c->b], *d = &inputs[c->c];
  if (!in_order(outputs, compute, rank, shape) || !in_order(a, compute, rank, shape)) return false;
  if (b != a && !in_order(b, compute, rank, shape)) return false;
  if (d != a && d != b && !in_order(d, compute, rank, shape)) return false;
  int64_t skip = begin * (int64_t)adj_compute_size(compute);
  adj_kernels_get()->op[adj_compute_index(compute)][c->op](
      (char *)outputs->data + skip, (const char *)a->data + skip, (const char *)b->data + skip,
      (const char *)d->data + skip, (size_t)(end - begin));
  return true;
}

static void run_blocks(const adj_program *program, adj_dtype compute, int rank, const int64_t *shape,
                       const adj_view *inputs, const adj_scalar *scalars, const adj_view *outputs,
                       int64_t begin, int64_t end) {
  evaluator e;
  adj_evaluator_open(&e, program, compute, rank, shape, inputs, scalars, outputs, end - begin);
  while (begin < end) {
    int64_t n = adj_evaluator_limit(&e, begin, end);
    adj_evaluator_load(&e, begin, n);
    adj_evaluator_execute(&e, n);
    adj_evaluator_store(&e, n);
    begin += n;
  }
  adj_evaluator_close(&e);
}

void adj_run(const adj_program *program, adj_dtype compute, int rank, const int64_t *shape,
             const adj_view *inputs, const adj_scalar *scalars, const adj_view *outputs, int64_t begin,
             int64_t end) {
  if (begin >= end) return;
  int slots = program->inputs + program->scalars + program->temporaries + program->outputs;
  if (end - begin == 1 && slots <= STACK_SLOTS)
    run_one(program, compute, rank, shape, inputs, scalars, outputs, begin);
  else if (!run_directly(program, compute, rank, shape, inputs, outputs, begin, end))
    run_blocks(program, compute, rank, shape, inputs, scalars, outputs, begin, end);
}
