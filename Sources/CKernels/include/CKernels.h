// Umbrella header of the kernels: what Swift sees of them.
#ifndef ADJ_CKERNELS_H
#define ADJ_CKERNELS_H
#include "adj_types.h"
#include "adj_pointwise.h"
#include "adj_product.h"
#include "adj_memory.h"
#include "adj_thread.h"
#include "adj_team.h"
#include "adj_atomic.h"
#include "adj_index.h"
#include "adj_random.h"
#include "adj_rows.h"
#include "adj_window.h"
#include "adj_scalar_math.h"
#endif
