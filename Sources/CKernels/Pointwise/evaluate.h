// Evaluation of a program over blocks of a row-major space, for adj_run and adj_reduce.
#ifndef ADJ_POINTWISE_EVALUATE_H
#define ADJ_POINTWISE_EVALUATE_H
#include "kernels.h"

// How the elements of an array come to a kernel.
typedef enum source_kind {
  SOURCE_FLAT,      // in row-major order and in the computing type: a pointer into the array
  SOURCE_ROW,       // a row is: a pointer, while blocks stay within rows
  SOURCE_CONSTANT,  // one element: a block filled once
  SOURCE_PERIODIC,  // the same row over and over: a block of whole rows, copied once
  SOURCE_COPY,      // anything else: copied (and converted) into a block
} source_kind;

typedef struct array_state {
  char *data;
  int64_t strides[ADJ_MAX_RANK];
  adj_gather gather;
  adj_scatter scatter;
  char *block;
  int64_t valid;  // elements of the block that need no copying (SOURCE_CONSTANT, SOURCE_PERIODIC)
  int32_t size;   // bytes of an element
  source_kind kind;
} array_state;

enum { STACK_ARRAYS = 16, STACK_SLOTS = 64, STACK_BYTES = 16384 };

typedef struct evaluator {
  const adj_kernels *kernels;
  const adj_program *program;
  int type;      // place of the computing type in the tables
  int64_t size;  // bytes of one of its elements
  int rank;      // at least 1; axes are merged where all arrays allow it
  int64_t shape[ADJ_MAX_RANK];
  bool within_rows;  // blocks must not cross the ends of rows
  int64_t block;     // most elements of a block
  int64_t index[ADJ_MAX_RANK], at;  // the place of element number `at`
  int inputs, outputs;
  array_state *arrays;  // inputs, then outputs
  void **slots;
  void *heap, *arrays_heap;  // null where the stack suffices
  array_state stack_arrays[STACK_ARRAYS];
  void *stack_slots[STACK_SLOTS];
  _Alignas(64) char stack_blocks[STACK_BYTES];
} evaluator;

// Prepares for evaluating up to `most` elements at a time out of the space `shape`. Without outputs
// (null) the caller sets the output slots itself before each block.
HIDDEN void adj_evaluator_open(evaluator *e, const adj_program *program, adj_dtype compute, int rank,
                               const int64_t *shape, const adj_view *inputs, const adj_scalar *scalars,
                               const adj_view *outputs, int64_t most);
HIDDEN void adj_evaluator_close(evaluator *e);

// Moves an input's origin.
HIDDEN void adj_evaluator_move(evaluator *e, int input, const void *data);

// The length of the block to evaluate at `begin`, when `end` is the last place wanted.
HIDDEN int64_t adj_evaluator_limit(evaluator *e, int64_t begin, int64_t end);

// Points the slots of inputs and outputs to elements [begin, begin + n).
HIDDEN void adj_evaluator_load(evaluator *e, int64_t begin, int64_t n);

// Executes the program on the loaded block.
HIDDEN void adj_evaluator_execute(evaluator *e, int64_t n);

// Stores the outputs that do not lie in place, and moves on.
HIDDEN void adj_evaluator_store(evaluator *e, int64_t n);

static inline int32_t adj_dtype_size(int32_t dtype) {
  static const uint8_t sizes[] = {4, 8, 4, 8, 1, 1};
  return sizes[dtype];
}

#endif
