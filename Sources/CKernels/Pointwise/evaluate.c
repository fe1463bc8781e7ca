#include "evaluate.h"
#include <stdlib.h>

// Rows shorter than this are gathered, several to a block, rather than run one by one.
enum { SHORT_ROW = 128, LARGEST_BLOCK = 512, SMALLEST_BLOCK = 64 };

// Drops axes of one element and merges neighbours that are one axis to every array.
static void merge_axes(evaluator *e, int rank, const int64_t *shape, const adj_view *inputs,
                       const adj_view *outputs) {
  int count = e->inputs + e->outputs;
  int merged = 0;
  for (int axis = 0; axis < rank; axis++) {
    if (shape[axis] == 1) continue;
    bool joins = merged > 0;
    for (int i = 0; joins && i < count; i++) {
      const adj_view *v = i < e->inputs ? &inputs[i] : &outputs[i - e->inputs];
      joins = e->arrays[i].strides[merged - 1] == v->strides[axis] * shape[axis];
    }
    if (!joins) merged++;
    for (int i = 0; i < count; i++) {
      const adj_view *v = i < e->inputs ? &inputs[i] : &outputs[i - e->inputs];
      e->arrays[i].strides[merged - 1] = v->strides[axis];
    }
    e->shape[merged - 1] = joins ? e->shape[merged - 1] * shape[axis] : shape[axis];
  }
  if (merged == 0) {
    e->shape[0] = 1;
    for (int i = 0; i < count; i++) e->arrays[i].strides[0] = 0;
    merged = 1;
  }
  e->rank = merged;
}

// Whether the array is in row-major order, and whether it repeats one row.
static bool is_flat(const evaluator *e, const array_state *a) {
  int64_t expected = 1;
  for (int axis = e->rank - 1; axis >= 0; axis--) {
    if (a->strides[axis] != expected) return e->rank == 1 && e->shape[0] == 1;
    expected *= e->shape[axis];
  }
  return true;
}

static bool repeats_row(const evaluator *e, const array_state *a) {
  for (int axis = 0; axis < e->rank - 1; axis++)
    if (a->strides[axis] != 0) return false;
  return true;
}

// In-place use is safe for one instruction; a longer program may write an output before it has read
// the input that lies there.
static bool written_too_early(const adj_program *p, int input, int slot) {
  int first_write = p->count, last_read = -1;
  for (int i = 0; i < p->count; i++) {
    const adj_instruction *c = &p->code[i];
    if (c->dst == slot && first_write == p->count) first_write = i;
    if (c->a == input || c->b == input || c->c == input) last_read = i;
  }
  return first_write < last_read;
}

static void fill(const evaluator *e, adj_dtype compute, void *block, adj_scalar value, int64_t n) {
  float narrow = (float)value.f;
  const void *from = compute == ADJ_F32 ? (const void *)&narrow : &value;
  e->kernels->gather[e->type][compute](block, from, 0, 0, 1, (size_t)n);
}

void adj_evaluator_open(evaluator *e, const adj_program *program, adj_dtype compute, int rank,
                        const int64_t *shape, const adj_view *inputs, const adj_scalar *scalars,
                        const adj_view *outputs, int64_t most) {
  e->kernels = adj_kernels_get();
  e->program = program;
  e->type = adj_compute_index(compute);
  e->size = (int64_t)adj_compute_size(compute);
  e->inputs = program->inputs;
  e->outputs = outputs ? program->outputs : 0;
  int count = e->inputs + e->outputs;
  int slots = program->inputs + program->scalars + program->temporaries + program->outputs;

  e->heap = NULL;
  e->arrays = e->stack_arrays;
  e->slots = e->stack_slots;
  e->arrays_heap = NULL;
  size_t array_bytes = (sizeof(array_state) * (size_t)count + 63) & ~(size_t)63;
  size_t slot_bytes = (sizeof(void *) * (size_t)slots + 63) & ~(size_t)63;
  if (count > STACK_ARRAYS || slots > STACK_SLOTS) {
    e->arrays_heap = malloc(array_bytes + slot_bytes);
    if (!e->arrays_heap) abort();
    e->arrays = e->arrays_heap;
    e->slots = (void **)((char *)e->arrays_heap + array_bytes);
  }

  merge_axes(e, rank, shape, inputs, outputs);
  int64_t row = e->shape[e->rank - 1];
  bool rows_differ = false;  // some array is neither flat nor repeating
  int64_t blocks = program->scalars + program->temporaries;
  for (int i = 0; i < count; i++) {
    bool input = i < e->inputs;
    const adj_view *v = input ? &inputs[i] : &outputs[i - e->inputs];
    array_state *a = &e->arrays[i];
    a->data = v->data;
    a->size = adj_dtype_size(v->dtype);
    a->gather = e->kernels->gather[e->type][v->dtype];
    a->scatter = e->kernels->scatter[e->type][v->dtype];
    a->valid = 0;
    a->block = NULL;
    bool same = v->dtype == (int32_t)compute, flat = is_flat(e, a);
    bool unit = a->strides[e->rank - 1] == 1;
    if (input && repeats_row(e, a) && (e->rank > 1 || a->strides[0] == 0) && !(flat && e->rank == 1)) {
      a->kind = a->strides[e->rank - 1] == 0 ? SOURCE_CONSTANT : SOURCE_PERIODIC;
    } else {
      a->kind = !same ? SOURCE_COPY : flat ? SOURCE_FLAT : unit ? SOURCE_ROW : SOURCE_COPY;
      if (!flat) rows_differ = true;
    }
    if (!input && a->kind != SOURCE_COPY && program->count > 1) {
      int slot = program->inputs + program->scalars + program->temporaries + (i - e->inputs);
      for (int j = 0; j < e->inputs; j++)
        if (inputs[j].data == v->data && written_too_early(program, j, slot)) a->kind = SOURCE_COPY;
    }
    if (a->kind >= SOURCE_CONSTANT) blocks++;
  }
  if (e->rank == 1) {
    e->within_rows = false;
  } else {
    e->within_rows = row >= SHORT_ROW && (rows_differ || row > LARGEST_BLOCK / 2);
    for (int i = 0; i < count; i++) {
      array_state *a = &e->arrays[i];
      // A pointer serves rows only; blocks of several rows copy.
      if (a->kind == SOURCE_ROW && !e->within_rows) a->kind = SOURCE_COPY, blocks++;
      if (a->kind == SOURCE_PERIODIC && e->within_rows) {
        a->kind = a->strides[e->rank - 1] == 1 && a->gather == e->kernels->gather[e->type][compute] ? SOURCE_ROW : SOURCE_COPY;
        if (a->kind == SOURCE_ROW) blocks--;
      }
    }
  }

  // The block length: all blocks together stay in the first-level cache.
  if (blocks == 0 && program->count <= 1) {
    e->block = INT64_MAX / 2;
  } else {
    int64_t length = blocks == 0 ? LARGEST_BLOCK : STACK_BYTES / (blocks * e->size);
    length = length > LARGEST_BLOCK ? LARGEST_BLOCK : length & ~15;
    if (length < SMALLEST_BLOCK) length = SMALLEST_BLOCK;
    e->block = length;
  }
  if (e->rank > 1 && !e->within_rows && e->block < INT64_MAX / 2) {
    if (row > e->block) {
      // Many temporaries made blocks shorter than a row: periodic rows are then copied piece by piece.
      for (int i = 0; i < count; i++)
        if (e->arrays[i].kind == SOURCE_PERIODIC) e->arrays[i].kind = SOURCE_COPY;
    } else {
      e->block = e->block / row * row;
    }
  }
  int64_t length = e->block < most ? (e->block + 15) & ~15ll : (most + 15) & ~15ll;
  char *memory = e->stack_blocks;
  if (blocks > 0 && blocks * length * e->size > STACK_BYTES) {
    size_t bytes = (size_t)(blocks * length * e->size);
    memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    if (!memory) abort();
    e->heap = memory;
  }

  int64_t step = length * e->size;
  for (int i = 0; i < count; i++)
    if (e->arrays[i].kind >= SOURCE_CONSTANT) e->arrays[i].block = memory, memory += step;
  int64_t filled = length < most ? length : most;
  for (int i = 0; i < program->scalars; i++, memory += step) {
    fill(e, compute, memory, scalars[i], filled);
    e->slots[program->inputs + i] = memory;
  }
  for (int i = 0; i < program->temporaries; i++, memory += step)
    e->slots[program->inputs + program->scalars + i] = memory;
  for (int i = 0; i < e->rank; i++) e->index[i] = 0;
  e->at = 0;
}

void adj_evaluator_close(evaluator *e) {
  if (__builtin_expect(e->heap != NULL, 0)) free(e->heap);
  if (__builtin_expect(e->arrays_heap != NULL, 0)) free(e->arrays_heap);
}

void adj_evaluator_move(evaluator *e, int input, const void *data) {
  array_state *a = &e->arrays[input];
  if (a->data == data) return;
  a->data = (char *)data;
  a->valid = 0;
}

static void seek(evaluator *e, int64_t place) {
  if (e->at == place) return;
  e->at = place;
  for (int axis = e->rank - 1; axis > 0; axis--) {
    e->index[axis] = place % e->shape[axis];
    place /= e->shape[axis];
  }
  e->index[0] = place;
}

int64_t adj_evaluator_limit(evaluator *e, int64_t begin, int64_t end) {
  int64_t n = end - begin;
  if (e->rank > 1) {
    seek(e, begin);
    int64_t row = e->shape[e->rank - 1], column = e->index[e->rank - 1];
    // A block of several rows begins with a row.
    if ((e->within_rows || column != 0) && n > row - column) n = row - column;
  }
  return n < e->block ? n : e->block;
}

static int64_t offset(const evaluator *e, const array_state *a) {
  int64_t o = 0;
  for (int axis = 0; axis < e->rank; axis++) o += e->index[axis] * a->strides[axis];
  return o;
}

// Copies n elements from the current place on into the block, or back.
static void copy_elements(const evaluator *e, const array_state *a, char *block, int64_t n, bool store) {
  int last = e->rank - 1;
  int64_t index[ADJ_MAX_RANK];
  for (int axis = 0; axis <= last; axis++) index[axis] = e->index[axis];
  int64_t row = e->shape[last], stride = a->strides[last];
  int64_t place = offset(e, a);
  while (n > 0) {
    int64_t rows = 1, length = row - index[last], row_stride = 0;
    if (last > 0 && index[last] == 0 && n >= row) {
      rows = n / row;
      if (rows > e->shape[last - 1] - index[last - 1]) rows = e->shape[last - 1] - index[last - 1];
      row_stride = a->strides[last - 1];
    } else if (length > n) {
      length = n;
    }
    char *element = a->data + place * a->size;
    if (store) a->scatter(element, block, row_stride, stride, (size_t)rows, (size_t)length);
    else a->gather(block, element, row_stride, stride, (size_t)rows, (size_t)length);
    block += rows * length * e->size;
    n -= rows * length;
    if (n == 0) break;
    index[last] += length;
    place += length * stride;
    if (index[last] == row && last > 0) {
      place += rows * a->strides[last - 1] - row * stride;
      index[last] = 0;
      index[last - 1] += rows;
      for (int axis = last - 1; axis > 0 && index[axis] == e->shape[axis]; axis--) {
        place += a->strides[axis - 1] - index[axis] * a->strides[axis];
        index[axis] = 0;
        index[axis - 1]++;
      }
    }
  }
}

void adj_evaluator_load(evaluator *e, int64_t begin, int64_t n) {
  seek(e, begin);
  int output_slot = e->program->inputs + e->program->scalars + e->program->temporaries;
  for (int i = 0; i < e->inputs + e->outputs; i++) {
    array_state *a = &e->arrays[i];
    bool input = i < e->inputs;
    char *p = a->block;
    switch (a->kind) {
      case SOURCE_FLAT: p = a->data + begin * a->size; break;
      case SOURCE_ROW: p = a->data + offset(e, a) * a->size; break;
      case SOURCE_CONSTANT:
        if (a->valid < n) {
          a->gather(p, a->data, 0, 0, 1, (size_t)n);
          a->valid = n;
        }
        break;
      case SOURCE_PERIODIC: {
        int64_t row = e->shape[e->rank - 1], column = e->index[e->rank - 1];
        if (a->valid < column + n) {
          int64_t stride = a->strides[e->rank - 1];
          if (column == 0) {
            for (int64_t done = 0; done < n; done += row)
              a->gather(p + done * e->size, a->data, 0, stride, 1, (size_t)(n - done < row ? n - done : row));
            a->valid = n;
          } else {
            // Within one row, which comes to lie at the beginning of the block.
            a->gather(p, a->data + column * stride * a->size, 0, stride, 1, (size_t)n);
            a->valid = 0;
            break;
          }
        }
        p += column * e->size;
        break;
      }
      case SOURCE_COPY:
        if (input) copy_elements(e, a, p, n, false);
        break;
    }
    e->slots[input ? i : output_slot + i - e->inputs] = p;
  }
}

void adj_evaluator_execute(evaluator *e, int64_t n) {
  const adj_program *p = e->program;
  const adj_kernel *op = e->kernels->op[e->type];
  void **slots = e->slots;
  for (int i = 0; i < p->count; i++) {
    const adj_instruction *c = &p->code[i];
    op[c->op](slots[c->dst], slots[c->a], slots[c->b], slots[c->c], (size_t)n);
  }
}

void adj_evaluator_store(evaluator *e, int64_t n) {
  for (int i = e->inputs; i < e->inputs + e->outputs; i++) {
    array_state *a = &e->arrays[i];
    if (a->kind == SOURCE_COPY) copy_elements(e, a, a->block, n, true);
  }
  e->at += n;
  int last = e->rank - 1;
  e->index[last] += n;
  for (int axis = last; axis > 0 && e->index[axis] >= e->shape[axis]; axis--) {
    int64_t carry = e->index[axis] / e->shape[axis];
    e->index[axis] -= carry * e->shape[axis];
    e->index[axis - 1] += carry;
  }
}
