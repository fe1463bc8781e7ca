// The second half of pointwise_check.c: adj_run and adj_reduce on random programs, and timings.

enum { MAX_INPUTS = 5, MAX_OUTPUTS = 3, MAX_SLOTS = 400, GUARD = 64, LARGEST = 30000 };

// An array with guard bytes on both sides.
typedef struct array {
  uint8_t *memory, *copy;
  size_t bytes;
  adj_view view;
} array;

static size_t size_of(int dtype) { return dtype == ADJ_F64 || dtype == ADJ_I64 ? 8 : dtype >= ADJ_U8 ? 1 : 4; }

static int64_t count_of(int rank, const int64_t *shape) {
  int64_t n = 1;
  for (int i = 0; i < rank; i++) n *= shape[i];
  return n;
}

// A random layout of the shape: any order of axes, gaps, negative strides, broadcast axes.
static array make_array(int dtype, int rank, const int64_t *shape, bool output) {
  array a;
  a.view.dtype = dtype;
  int order[ADJ_MAX_RANK];
  for (int i = 0; i < rank; i++) order[i] = i;
  if (below(3) == 0)
    for (int i = rank - 1; i > 0; i--) {
      int j = (int)below(i + 1), t = order[i];
      order[i] = order[j], order[j] = t;
    }
  bool plain = below(2) == 0;
  int64_t step = 1, low = 0, high = 0;
  memset(a.view.strides, 0, sizeof a.view.strides);
  for (int i = rank - 1; i >= 0; i--) {
    int axis = order[i];
    if (!plain && below(4) == 0) step += below(3);
    int64_t stride = step;
    if (!output && !plain && below(3) == 0) stride = 0;
    else if (!plain && below(5) == 0) stride = -step;
    a.view.strides[axis] = stride;
    if (stride > 0) high += stride * (shape[axis] - 1);
    else low += stride * (shape[axis] - 1);
    if (stride != 0) step *= shape[axis];
  }
  size_t size = size_of(dtype);
  a.bytes = (size_t)(high - low + 1) * size + 2 * GUARD;
  a.memory = malloc(a.bytes);
  a.copy = malloc(a.bytes);
  for (size_t i = 0; i < a.bytes; i++) a.memory[i] = 0xa5;
  size_t elements = (size_t)(high - low + 1);
  for (size_t i = 0; i < elements; i++) {
    void *p = a.memory + GUARD + i * size;
    double x = below(20) == 0 ? 0 : below(8) == 0 ? uniform(-300, 300) : uniform(-2, 2);
    if (below(400) == 0) x = NAN;
    if (below(400) == 0) x = INFINITY;
    int64_t n = (int64_t)(random64() >> (unsigned)below(63)) * (below(2) ? 1 : -1);
    if (below(2)) n = below(7) - 3;
    switch (dtype) {
      case ADJ_F32: *(float *)p = (float)x; break;
      case ADJ_F64: memcpy(p, &x, 8); break;
      case ADJ_I32: { int32_t v = (int32_t)n; memcpy(p, &v, 4); break; }
      case ADJ_I64: memcpy(p, &n, 8); break;
      case ADJ_U8: *(uint8_t *)p = (uint8_t)n; break;
      default: *(uint8_t *)p = below(2) == 1;
    }
  }
  memcpy(a.copy, a.memory, a.bytes);
  a.view.data = a.memory + GUARD - low * (int64_t)size;
  return a;
}

static void free_array(array *a) { free(a->memory), free(a->copy); }

static int64_t offset_of(const adj_view *v, int rank, const int64_t *index) {
  int64_t o = 0;
  for (int i = 0; i < rank; i++) o += index[i] * v->strides[i];
  return o;
}

static int64_t saturate(double x) {
  return isnan(x) ? 0 : x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

// One element as a number of the computing type.
static adj_scalar load_element(const uint8_t *p, int dtype, int compute) {
  double x = 0;
  int64_t n = 0;
  bool integral = true;
  switch (dtype) {
    case ADJ_F32: { float f; memcpy(&f, p, 4); x = f; integral = false; break; }
    case ADJ_F64: memcpy(&x, p, 8); integral = false; break;
    case ADJ_I32: { int32_t v; memcpy(&v, p, 4); n = v; break; }
    case ADJ_I64: memcpy(&n, p, 8); break;
    case ADJ_U8: n = *p; break;
    default: n = *p != 0;
  }
  adj_scalar s;
  if (compute == ADJ_I64) s.i = integral ? n : saturate(x);
  else if (compute == ADJ_F32) s.f = integral ? (float)n : (float)x;
  else s.f = integral ? (double)n : x;
  return s;
}

// What storing a number of the computing type leaves in memory: floating-point numbers saturate, integers wrap.
static void store_element(uint8_t *p, int dtype, int compute, adj_scalar s) {
  bool integral = compute == ADJ_I64;
  int64_t n = integral ? s.i : saturate(s.f);
  switch (dtype) {
    case ADJ_F32: { float f = integral ? (float)s.i : (float)s.f; memcpy(p, &f, 4); break; }
    case ADJ_F64: { double x = integral ? (double)s.i : s.f; memcpy(p, &x, 8); break; }
    case ADJ_I32: {
      if (!integral) n = n > INT32_MAX ? INT32_MAX : n < INT32_MIN ? INT32_MIN : n;
      int32_t v = (int32_t)(uint32_t)(uint64_t)n;
      memcpy(p, &v, 4);
      break;
    }
    case ADJ_I64: memcpy(p, &n, 8); break;
    case ADJ_U8:
      if (!integral) n = n > 255 ? 255 : n < 0 ? 0 : n;
      *p = (uint8_t)(uint64_t)n;
      break;
    default: *p = integral ? s.i != 0 : s.f != 0;
  }
}

// Runs the program on one element, one operation at a time.
static void interpret(const adj_program *p, int compute, adj_scalar *slots) {
  for (int i = 0; i < p->count; i++) {
    const adj_instruction *c = &p->code[i];
    adj_scalar y;
    if (compute == ADJ_F32) {
      float fa = (float)slots[c->a].f, fb = (float)slots[c->b].f, fc = (float)slots[c->c].f, fy;
      run_op(c->op, ADJ_F32, 1, &fa, &fb, &fc, &fy);
      y.f = fy;
    } else {
      run_op(c->op, (adj_dtype)compute, 1, &slots[c->a], &slots[c->b], &slots[c->c], &y);
    }
    slots[c->dst] = y;
  }
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int dtype) {
  if (dtype == ADJ_F32) {
    float x, y;
    memcpy(&x, a, 4), memcpy(&y, b, 4);
    if (isnan(x) && isnan(y)) return true;
  } else if (dtype == ADJ_F64) {
    double x, y;
    memcpy(&x, a, 8), memcpy(&y, b, 8);
    if (isnan(x) && isnan(y)) return true;
  }
  return memcmp(a, b, size_of(dtype)) == 0;
}

typedef struct random_program {
  adj_instruction code[MAX_SLOTS + 20];
  adj_scalar scalars[MAX_SLOTS];
  adj_program program;
} random_program;

static void make_program(random_program *r, int compute, int outputs) {
  adj_program *p = &r->program;
  p->inputs = (int)below(MAX_INPUTS) + (below(10) != 0);
  if (p->inputs > MAX_INPUTS) p->inputs = MAX_INPUTS;
  p->scalars = (int)below(4);
  if (p->inputs + p->scalars == 0) p->scalars = 1;
  p->temporaries = below(40) == 0 ? (int)below(MAX_SLOTS - 20) : (int)below(5);
  p->outputs = outputs;
  for (int i = 0; i < p->scalars; i++) {
    if (compute == ADJ_I64) r->scalars[i].i = below(21) - 10;
    else r->scalars[i].f = uniform(-3, 3);
  }
  int first = p->inputs + p->scalars, slots = first + p->temporaries + outputs, last = slots;
  bool written[MAX_SLOTS + 20] = {false};
  for (int i = 0; i < first; i++) written[i] = true;
  p->count = 0;
  int steps = below(3) == 0 ? 1 : (int)below(p->temporaries + 6) + 1;
  bool one = below(3) == 0;
  for (int i = 0; i < steps + outputs; i++) {
    adj_instruction *c = &r->code[p->count++];
    int op;
    do op = (int)below(ADJ_OP_COUNT);
    while ((compute == ADJ_I64 && !has_integers(op)) || op == ADJ_POLYGAMMA || op == ADJ_LGAMMA);
    if (one && outputs == 1) op = below(2) ? ADJ_COPY : op;
    c->op = (uint16_t)op;
    int last_output = i - steps;
    c->dst = (uint16_t)(last_output >= 0 ? last - outputs + last_output : first + below(slots - first));
    do c->a = (uint16_t)below(slots); while (!written[c->a]);
    do c->b = (uint16_t)below(slots); while (!written[c->b]);
    do c->c = (uint16_t)below(slots); while (!written[c->c]);
    if (one && outputs == 1) c->dst = (uint16_t)(last - 1);
    written[c->dst] = true;
    if (arity(op) < 3) c->c = 0;
    if (arity(op) < 2) c->b = 0;
    if (one && outputs == 1) break;
  }
  p->code = r->code;
}

static int make_shape(int64_t *shape) {
  static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 31, 64, 100, 128, 130, 256, 300, 513, 1000};
  for (;;) {
    int rank = (int)below(6);
    if (below(30) == 0) rank = 8;
    for (int i = 0; i < rank; i++) shape[i] = sizes[below(rank > 4 ? 6 : 19)];
    if (count_of(rank, shape) <= LARGEST) return rank;
  }
}

static void unravel(int64_t at, int rank, const int64_t *shape, int64_t *index) {
  for (int i = rank - 1; i >= 0; i--) index[i] = at % shape[i], at /= shape[i];
}

static int random_dtype(int compute) { return below(3) ? compute : (int)below(6); }

static void fail(const char *what, const adj_program *p, int compute, int rank, const int64_t *shape, int64_t at) {
  if (++failures > 20) exit(1);
  printf("FAIL %s: %s, compute %d, %d instructions (%s ...), %d inputs, element %lld of", adj_isa_name(), what,
         compute, p->count, names[p->code[0].op], p->inputs, (long long)at);
  for (int i = 0; i < rank; i++) printf(" %lld", (long long)shape[i]);
  printf("\n");
}

static void check_run(void) {
  static random_program r;
  static adj_scalar slots[MAX_SLOTS + 20];
  int64_t shape[ADJ_MAX_RANK], index[ADJ_MAX_RANK];
  int compute = (int[]){ADJ_F32, ADJ_F64, ADJ_I64}[below(3)];
  int rank = make_shape(shape), outputs = below(3) ? 1 : (int)below(MAX_OUTPUTS) + 1;
  make_program(&r, compute, outputs);
  const adj_program *p = &r.program;
  array in[MAX_INPUTS], out[MAX_OUTPUTS], want[MAX_OUTPUTS];
  adj_view inputs[MAX_INPUTS], results[MAX_OUTPUTS];
  for (int i = 0; i < p->inputs; i++) in[i] = make_array(random_dtype(compute), rank, shape, false), inputs[i] = in[i].view;
  for (int i = 0; i < outputs; i++) out[i] = make_array(random_dtype(compute), rank, shape, true), results[i] = out[i].view;
  int64_t n = count_of(rank, shape);
  int64_t begin = below(2) ? 0 : below(n + 1), end = below(2) ? n : begin + below(n - begin + 1);
  // In place now and then.
  if (p->inputs > 0 && below(4) == 0) {
    int i = (int)below(p->inputs), o = (int)below(outputs);
    inputs[i] = results[o];
  }
  // The expected contents, in copies made before.
  for (int o = 0; o < outputs; o++) {
    want[o] = out[o];
    want[o].memory = malloc(out[o].bytes);
    memcpy(want[o].memory, out[o].memory, out[o].bytes);
  }
  for (int64_t at = begin; at < end; at++) {
    unravel(at, rank, shape, index);
    for (int i = 0; i < p->inputs; i++)
      slots[i] = load_element((uint8_t *)inputs[i].data + offset_of(&inputs[i], rank, index) * (int64_t)size_of(inputs[i].dtype), inputs[i].dtype, compute);
    for (int i = 0; i < p->scalars; i++) {
      slots[p->inputs + i] = r.scalars[i];
      if (compute == ADJ_F32) slots[p->inputs + i].f = (float)r.scalars[i].f;
    }
    interpret(p, compute, slots);
    for (int o = 0; o < outputs; o++) {
      uint8_t *to = want[o].memory + ((uint8_t *)results[o].data - out[o].memory) + offset_of(&results[o], rank, index) * (int64_t)size_of(results[o].dtype);
      store_element(to, results[o].dtype, compute, slots[p->inputs + p->scalars + p->temporaries + o]);
    }
  }
  if (below(3) == 0 && end > begin) {
    int64_t middle = begin + below(end - begin);
    adj_run(p, (adj_dtype)compute, rank, shape, inputs, r.scalars, results, begin, middle);
    adj_run(p, (adj_dtype)compute, rank, shape, inputs, r.scalars, results, middle, end);
  } else {
    adj_run(p, (adj_dtype)compute, rank, shape, inputs, r.scalars, results, begin, end);
  }
  bool good = true;
  for (int o = 0; o < outputs && good; o++) {
    size_t size = size_of(results[o].dtype);
    for (size_t b = 0; good && b + size <= out[o].bytes; b += b < GUARD || b >= out[o].bytes - GUARD ? 1 : size)
      good = b < GUARD || b >= out[o].bytes - GUARD ? out[o].memory[b] == 0xa5 : same_bits(out[o].memory + b, want[o].memory + b, results[o].dtype);
    if (!good) fail("wrong output of adj_run", p, compute, rank, shape, o);
  }
  for (int i = 0; i < p->inputs; i++) {
    if (memcmp(in[i].memory, in[i].copy, in[i].bytes)) fail("input changed", p, compute, rank, shape, i);
    free_array(&in[i]);
  }
  for (int o = 0; o < outputs; o++) free_array(&out[o]), free(want[o].memory);
}

static void check_reduce(void) {
  static random_program r;
  static adj_scalar slots[MAX_SLOTS + 20];
  int64_t shape[ADJ_MAX_RANK], index[ADJ_MAX_RANK];
  int compute = (int[]){ADJ_F32, ADJ_F64, ADJ_I64}[below(3)];
  adj_reduction how = (adj_reduction)below(4);
  int rank = make_shape(shape), kept = (int)below(rank + 1), reduced = rank - kept;
  if (rank > 0 && below(30) == 0) shape[rank - 1] = 0;
  make_program(&r, compute, 1);
  const adj_program *p = &r.program;
  array in[MAX_INPUTS];
  adj_view inputs[MAX_INPUTS];
  int64_t allocated[ADJ_MAX_RANK];
  for (int i = 0; i < rank; i++) allocated[i] = shape[i] ? shape[i] : 1;
  for (int i = 0; i < p->inputs; i++) in[i] = make_array(random_dtype(compute), rank, allocated, false), inputs[i] = in[i].view;
  int dtype = random_dtype(compute);
  array out = make_array(dtype, kept, allocated, true), split = out;
  split.memory = malloc(out.bytes);
  memcpy(split.memory, out.memory, out.bytes);
  split.view.data = split.memory + ((uint8_t *)out.view.data - out.memory);
  int64_t nk = count_of(kept, shape), nr = count_of(reduced, shape + kept);
  int64_t kb = below(2) ? 0 : below(nk + 1), ke = below(2) ? nk : kb + below(nk - kb + 1);
  int64_t rb = below(2) ? 0 : below(nr + 1), re = below(2) ? nr : rb + below(nr - rb + 1);
  double scale = how == ADJ_SUM && compute != ADJ_I64 && below(2) ? uniform(0.1, 2) : 1;
  bool accumulate = below(3) == 0;
  adj_reduce(p, (adj_dtype)compute, how, kept, reduced, shape, inputs, r.scalars, &out.view, scale, accumulate, kb, ke, rb, re);
  int64_t km = kb + below(ke - kb + 1);
  adj_reduce(p, (adj_dtype)compute, how, kept, reduced, shape, inputs, r.scalars, &split.view, scale, accumulate, kb, km, rb, re);
  adj_reduce(p, (adj_dtype)compute, how, kept, reduced, shape, inputs, r.scalars, &split.view, scale, accumulate, km, ke, rb, re);
  size_t size = size_of(dtype);
  if (memcmp(out.memory, split.memory, out.bytes)) {
    // NaNs may differ in their bits.
    bool same = true;
    for (size_t b = GUARD; b + GUARD < out.bytes; b += size) same &= same_bits(out.memory + b, split.memory + b, dtype);
    if (!same) fail("result depends on the split", p, compute, rank, shape, km);
  }
  for (int64_t k = kb; k < ke; k++) {
    long double total = how == ADJ_PROD ? 1 : how == ADJ_SUM ? 0 : how == ADJ_REDUCE_MAX ? -INFINITY : INFINITY, magnitude = 0;
    uint64_t whole = how == ADJ_PROD ? 1 : how == ADJ_SUM ? 0 : how == ADJ_REDUCE_MAX ? (uint64_t)INT64_MIN : INT64_MAX;
    for (int64_t q = rb; q < re; q++) {
      unravel(k * nr + q, rank, shape, index);
      for (int i = 0; i < p->inputs; i++)
        slots[i] = load_element((uint8_t *)inputs[i].data + offset_of(&inputs[i], rank, index) * (int64_t)size_of(inputs[i].dtype), inputs[i].dtype, compute);
      for (int i = 0; i < p->scalars; i++) {
        slots[p->inputs + i] = r.scalars[i];
        if (compute == ADJ_F32) slots[p->inputs + i].f = (float)r.scalars[i].f;
      }
      interpret(p, compute, slots);
      adj_scalar y = slots[p->inputs + p->scalars + p->temporaries];
      if (compute == ADJ_I64) {
        int64_t w = (int64_t)whole;
        whole = how == ADJ_SUM ? whole + (uint64_t)y.i : how == ADJ_PROD ? whole * (uint64_t)y.i : how == ADJ_REDUCE_MAX ? (uint64_t)(w > y.i ? w : y.i) : (uint64_t)(w < y.i ? w : y.i);
      } else {
        magnitude += fabs(y.f);
        if (how == ADJ_SUM) total += y.f;
        else if (how == ADJ_PROD) total *= y.f;
        else if (isnan(y.f) || isnan(total)) total = NAN;
        else if (how == ADJ_REDUCE_MAX ? y.f > total : y.f < total) total = y.f;
      }
    }
    unravel(k, kept, shape, index);
    size_t place = (size_t)((uint8_t *)out.view.data - out.memory) + (size_t)(offset_of(&out.view, kept, index) * (int64_t)size);
    adj_scalar held = load_element(out.copy + place, dtype, compute == ADJ_F32 ? ADJ_F64 : compute);
    bool good;
    if (compute == ADJ_I64) {
      adj_scalar s = {.i = (int64_t)whole};
      if (accumulate) s.i = how == ADJ_SUM ? (int64_t)(whole + (uint64_t)held.i) : how == ADJ_PROD ? (int64_t)(whole * (uint64_t)held.i) : how == ADJ_REDUCE_MAX ? (held.i > s.i ? held.i : s.i) : (held.i < s.i ? held.i : s.i);
      uint8_t expected[8];
      store_element(expected, dtype, compute, s);
      good = same_bits(out.memory + place, expected, dtype);
    } else {
      total *= scale, magnitude *= scale;
      if (accumulate) {
        magnitude += fabs(held.f);
        if (how == ADJ_SUM) total += held.f;
        else if (how == ADJ_PROD) total *= held.f;
        else if (isnan(held.f) || isnan(total)) total = NAN;
        else if (how == ADJ_REDUCE_MAX ? held.f > total : held.f < total) total = held.f;
      }
      adj_scalar got = load_element(out.memory + place, dtype, ADJ_F64);
      double eps = compute == ADJ_F32 ? 0x1p-24 : 0x1p-53;
      if (how == ADJ_PROD) magnitude = fabsl(total) * 2, eps *= 1 + (double)(re - rb) * (compute == ADJ_F64);
      if (how >= ADJ_REDUCE_MAX) magnitude = 0;
      if (dtype == ADJ_F32 || dtype == ADJ_F64) {
        double slop = (double)magnitude * eps * 6 + (dtype == ADJ_F32 ? fabs((double)total) * 0x1p-23 : 0) + 1e-45;
        // Infinite or huge parts may cancel differently.
        bool wild = !(fabsl(magnitude) < (dtype == ADJ_F32 || compute == ADJ_F32 ? 1e36L : 1e300L)) || (how == ADJ_PROD && !(magnitude > 1e-290L)) || fabsl(total) > 1e36L;
        good = isnan(got.f) == isnan((double)total) ? isnan(got.f) || fabs(got.f - (double)total) <= slop || got.f == (double)total : false;
        if (wild && how <= ADJ_PROD) good = true;
      } else {
        // An integer or truth value: allow the neighbours that rounding can reach.
        adj_scalar s = {.f = (double)total};
        uint8_t expected[8];
        store_element(expected, dtype, ADJ_F64, s);
        good = same_bits(out.memory + place, expected, dtype) || (how <= ADJ_PROD && magnitude > 0);
      }
    }
    if (!good) {
      adj_scalar got = load_element(out.memory + place, dtype, ADJ_F64);
      printf("got %.17g want %.17Lg (reduction %d, %d kept, range %lld %lld of %lld, dtype %d)\n", got.f, compute == ADJ_I64 ? (long double)(int64_t)whole : total, how, kept, (long long)rb, (long long)re, (long long)nr, dtype);
      fail("wrong result of adj_reduce", p, compute, rank, shape, k);
      break;
    }
  }
  for (size_t b = 0; b < GUARD; b++)
    if (out.memory[b] != 0xa5 || out.memory[out.bytes - 1 - b] != 0xa5) {
      fail("wrote out of bounds", p, compute, rank, shape, 0);
      break;
    }
  for (int i = 0; i < p->inputs; i++) free_array(&in[i]);
  free(split.memory);
  free_array(&out);
}

static void check_programs_of(const char *isa, int64_t count) {
  state = 0x1234567812345678ull;
  double start = now();
  int before = failures;
  for (int64_t j = 0; j < count; j++) check_run(), check_reduce();
  printf("%s: %lld random programs run and reduced, %d failures, %.1f s\n", isa, (long long)count, failures - before, (now() - start) * 1e-9);
}

// Each instruction set in a process of its own: the three take most of the check's time.
static void check_programs(int64_t count) {
  pid_t children[3] = {0};
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    if (!adj_isa_select(isas[i])) continue;
    children[i] = fork();
    if (children[i] != 0) continue;
    failures = 0;
    check_programs_of(isas[i], count);
    fflush(stdout);
    _exit(failures != 0);
  }
  for (int i = 0; i < 3; i++) {
    int status = 0;
    // What was not begun, or did not end by itself, failed.
    if (children[i] < 0 || (children[i] > 0 && (waitpid(children[i], &status, 0) < 0 || status != 0))) {
      printf("FAIL programs of %s\n", isas[i]);
      failures++;
    }
  }
}

// ---- Speed ----

static volatile double sink;

// The least time of a call, in nanoseconds.
static double time_op(int op, adj_dtype dtype, int64_t n, const void *a, const void *b, void *y) {
  double least = 1e30;
  int64_t repeats = 200000 / (n + 16) + 1;
  for (int i = 0; i < 30; i++) {
    double start = now();
    for (int64_t j = 0; j < repeats; j++) run_op(op, dtype, n, a, b, b, y);
    double t = (now() - start) / (double)repeats;
    if (t < least) least = t;
  }
  return least;
}

static void measure_speed(void) {
  static const int ops[] = {ADJ_ADD, ADJ_MUL, ADJ_EXP, ADJ_LOG, ADJ_SIN, ADJ_COS, ADJ_TANH, ADJ_ERF, ADJ_POW, ADJ_SQRT, ADJ_EXPM1, ADJ_LOG1P, ADJ_TAN, ADJ_ATAN, ADJ_ASIN, ADJ_ATAN2, ADJ_SINH, ADJ_ASINH, ADJ_ERFC, ADJ_ERFINV, ADJ_LGAMMA, ADJ_DIGAMMA, ADJ_POLYGAMMA, ADJ_CBRT, ADJ_HYPOT, ADJ_REMAINDER, ADJ_FLOOR_DIV};
  enum { N = 4096 };
  static float fa[N], fb[N], fy[N];
  static double a[N], b[N], y[N];
  for (int i = 0; i < N; i++) fa[i] = (float)(a[i] = uniform(0.05, 0.95) * (i % 3 + 1) / 3), fb[i] = (float)(b[i] = uniform(0.5, 3));
  for (int k = 0; k < 3; k++) {
    if (!adj_isa_select(isas[k])) continue;
    printf("%s, ns per element    float32: n = 256  1024  4096    float64: 256  1024  4096\n", isas[k]);
    for (size_t j = 0; j < sizeof ops / sizeof ops[0]; j++) {
      printf("%-28s", names[ops[j]]);
      if (ops[j] == ADJ_POLYGAMMA)
        for (int i = 0; i < N; i++) a[i] = 1, fa[i] = 1;
      for (int t = 0; t < 2; t++) {
        for (int64_t n = 256; n <= 4096; n *= 4)
          printf(" %8.3f", (t ? time_op(ops[j], ADJ_F64, n, a, b, y) : time_op(ops[j], ADJ_F32, n, fa, fb, fy)) / (double)n);
        printf("   ");
      }
      printf("\n");
      if (ops[j] == ADJ_POLYGAMMA)
        for (int i = 0; i < N; i++) fa[i] = (float)(a[i] = uniform(0.05, 0.95));
    }
    for (int t = 0; t < 3; t++) {
      // With the arguments prepared beforehand.
      adj_instruction one = {t == 2 ? ADJ_EXP : ADJ_ADD, 2, 0, 1, 0};
      adj_program p = {&one, 1, 2, 0, 0, 1};
      adj_dtype dtype = t == 1 ? ADJ_F64 : ADJ_F32;
      adj_view in[2] = {{t == 1 ? (void *)a : fa, {1}, dtype}, {t == 1 ? (void *)b : fb, {1}, dtype}}, out = {t == 1 ? (void *)y : fy, {1}, dtype};
      int64_t shape = 1;
      double best = 1e30;
      for (int i = 0; i < 50; i++) {
        double start = now();
        for (int j = 0; j < 10000; j++) adj_run(&p, dtype, t, &shape, in, NULL, &out, 0, 1);
        double spent = (now() - start) / 10000;
        if (spent < best) best = spent;
      }
      printf("%s of one element: %.1f ns\n", t == 2 ? "exp" : "add", best);
    }
    // Shapes: a bias over short rows, a five-step formula, sums.
    static float big[1 << 20], result[1 << 20];
    for (int i = 0; i < 1 << 20; i++) big[i] = (float)uniform(-1, 1);
    adj_instruction add = {ADJ_ADD, 2, 0, 1, 0}, copy = {ADJ_COPY, 1, 0, 0, 0};
    adj_instruction chain[] = {{ADJ_MUL, 3, 0, 1, 0}, {ADJ_ADD, 3, 3, 0, 0}, {ADJ_TANH, 3, 3, 0, 0}, {ADJ_FMA, 4, 3, 1, 2}};
    adj_program bias = {&add, 1, 2, 0, 0, 1}, sum = {&copy, 1, 1, 0, 0, 1}, formula = {chain, 4, 2, 1, 1, 1};
    for (int64_t width = 3; width <= 400; width = width * 3 + 1) {
      int64_t shape[2] = {60000 / width, width}, total = shape[0] * width;
      adj_view in[2] = {{big, {width, 1}, ADJ_F32}, {fb, {0, 1}, ADJ_F32}}, out = {result, {width, 1}, ADJ_F32}, out1 = {result, {1}, ADJ_F32};
      adj_view column = {big, {1, width}, ADJ_F32};
      int64_t turned[2] = {width, shape[0]};
      double best[4] = {1e30, 1e30, 1e30, 1e30};
      adj_scalar half = {.f = 0.5};
      for (int i = 0; i < 20; i++) {
        double t0 = now();
        adj_run(&bias, ADJ_F32, 2, shape, in, NULL, &out, 0, total);
        double t1 = now();
        adj_reduce(&sum, ADJ_F32, ADJ_SUM, 1, 1, shape, in, NULL, &out1, 1, false, 0, shape[0], 0, width);
        double t2 = now();
        adj_reduce(&sum, ADJ_F32, ADJ_SUM, 1, 1, turned, &column, NULL, &out1, 1, false, 0, width, 0, shape[0]);
        double t3 = now();
        adj_run(&formula, ADJ_F32, 2, shape, in, &half, &out, 0, total);
        double t4 = now();
        double t[4] = {t1 - t0, t2 - t1, t3 - t2, t4 - t3};
        for (int m = 0; m < 4; m++)
          if (t[m] < best[m]) best[m] = t[m];
      }
      printf("rows of %3lld: bias %.3f, sum of rows %.3f, sum of columns %.3f, tanh formula %.3f ns per element\n", (long long)width, best[0] / (double)total, best[1] / (double)total, best[2] / (double)total, best[3] / (double)total);
    }
    int64_t n = 1 << 14;
    adj_view in = {big, {1}, ADJ_F32}, out = {result, {0}, ADJ_F32};
    double best = 1e30;
    for (int i = 0; i < 200; i++) {
      double t0 = now();
      adj_reduce(&sum, ADJ_F32, ADJ_SUM, 0, 1, &n, &in, NULL, &out, 1, false, 0, 1, 0, n);
      double t = now() - t0;
      if (t < best) best = t;
    }
    printf("sum of 16384: %.3f ns per element\n", best / (double)n);
    sink = result[0];
  }
}
