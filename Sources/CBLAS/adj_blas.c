#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 // setenv under -std=c11
#endif
#include "include/adj_blas.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

static adj_blas_info info = {"unknown", "", "", "", "", 0, 0, 0};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int prepared;
static atomic_int limit;

#if defined(__linux__)
long adj_blas_quota(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  long quota = 0, period = 0;
  int found = fscanf(file, "%ld %ld", &quota, &period);
  fclose(file);
  return found == 2 && quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}
#endif

static int default_limit(void) {
  static const char *const names[] = {"ADJOINT_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *text = getenv(names[i]);
    long count = text ? strtol(text, NULL, 10) : 0; // "4,2" of OpenMP is 4; what is no number is passed over
    if (count > 0) return count > 1024 ? 1024 : (int)count;
  }
  long count = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  long quota = adj_blas_quota("/sys/fs/cgroup/cpu.max");
  if (quota > 0 && quota < count) count = quota;
#endif
  return count < 1 ? 1 : (int)count;
}

#if defined(__APPLE__)

static void prepare(void) {
  atomic_store_explicit(&limit, default_limit(), memory_order_relaxed);
  info.vendor = "Accelerate";
  atomic_store_explicit(&prepared, 1, memory_order_release);
}

#else

// Whoever implements CBLAS, these are null where it is somebody else. OpenBLAS's are declared again here
// because cblas.h declares them strong, or, if it is another's, not at all.
#define ADJ_WEAK __attribute__((weak))
extern char *openblas_get_config(void) ADJ_WEAK;
extern char *openblas_get_corename(void) ADJ_WEAK;
extern void openblas_set_num_threads(int) ADJ_WEAK;
extern void gotoblas_dynamic_init(void) ADJ_WEAK;
extern void gotoblas_dynamic_quit(void) ADJ_WEAK;
extern void MKL_Get_Version_String(char *, int) ADJ_WEAK;
extern void MKL_Set_Num_Threads(int) ADJ_WEAK;
extern const char *bli_info_get_version_str(void) ADJ_WEAK;
extern void ATL_buildinfo(void) ADJ_WEAK;
extern int RowMajorStrg ADJ_WEAK; // a global of the reference CBLAS, which others also carry: ask last

static char version[64];

#if defined(__x86_64__)

// The generations that matter. Kernels of one generation are within a few per cent of each other.
enum { UNKNOWN, SSE, AVX, AVX2, AVX512 };

// A name that is not listed is one that was added later than this was written: never "repaired".
static int generation(const char *core) {
  static const struct {
    const char *name;
    int generation;
  } cores[] = {
      {"Prescott", SSE},     {"Atom", SSE},         {"Core2", SSE},        {"Penryn", SSE},
      {"Dunnington", SSE},   {"Nehalem", SSE},      {"Opteron", SSE},      {"Opteron_SSE3", SSE},
      {"Barcelona", SSE},    {"Nano", SSE},         {"Bobcat", SSE},       {"Sandybridge", AVX},
      {"Bulldozer", AVX},    {"Piledriver", AVX},   {"Steamroller", AVX},  {"Haswell", AVX2},
      {"Excavator", AVX2},   {"Zen", AVX2},         {"SkylakeX", AVX512},  {"Cooperlake", AVX512},
      {"SapphireRapids", AVX512},
  };
  for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++)
    if (strcasecmp(core, cores[i].name) == 0) return cores[i].generation;
  return UNKNOWN;
}

// What both the processor and the system support: the builtin looks at what the system saves for a thread
// (XCR0), too.
static int processor_generation(void) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return UNKNOWN;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return AVX512;
  return AVX2;
}

// OpenBLAS reads the variable once more, and nothing else does: its threads take work only from its
// callers, of whom there are none yet, its buffers have one size whatever the kernels, and the new kernels
// set their block sizes to fit.
static void choose(const char *core) {
  setenv("OPENBLAS_CORETYPE", core, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv("OPENBLAS_CORETYPE");
}

static void repair(void) {
  int can = processor_generation();
  info.small_kernels = generation(info.used_core) == AVX512;
  info.processor_core = can == AVX512 ? "SkylakeX" : can == AVX2 ? "Haswell" : "";
  if (info.forced || !gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
  int has = generation(info.found_core);
  if (has == UNKNOWN || has >= can) return;
  choose(info.processor_core);
  // A build may lack some kernels, and then chooses by itself again.
  if (can == AVX512 && generation(openblas_get_corename()) < AVX2) choose("Haswell");
  info.used_core = openblas_get_corename();
  info.repaired = generation(info.used_core) > has;
  info.small_kernels = generation(info.used_core) == AVX512;
}

#else

// Elsewhere OpenBLAS knows its processors by what they can do, not by a list of models.
static void repair(void) {}

#endif

static void prepare(void) {
  if (openblas_get_corename && openblas_get_config) {
    info.vendor = "OpenBLAS";
    const char *config = openblas_get_config(); // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    if (strncmp(config, "OpenBLAS ", 9) == 0) {
      size_t length = strcspn(config + 9, " ");
      if (length < sizeof version) {
        memcpy(version, config + 9, length);
        info.version = version;
      }
    }
    info.found_core = info.used_core = openblas_get_corename();
    info.forced = getenv("OPENBLAS_CORETYPE") != NULL;
    repair();
  } else if (MKL_Get_Version_String) {
    info.vendor = "MKL";
    static char text[256];
    MKL_Get_Version_String(text, (int)sizeof text - 1);
    info.version = text;
  } else if (bli_info_get_version_str) {
    info.vendor = "BLIS";
    info.version = bli_info_get_version_str();
  } else if (ATL_buildinfo) {
    info.vendor = "ATLAS";
  } else if (&RowMajorStrg) {
    info.vendor = "reference";
  }
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  else if (MKL_Set_Num_Threads) MKL_Set_Num_Threads(1);
  atomic_store_explicit(&limit, default_limit(), memory_order_relaxed);
  atomic_store_explicit(&prepared, 1, memory_order_release);
}

// Now, while the program has no threads: a later caller of LAPACK needs no help of ours, and nobody reads
// the environment at the same time. Linked statically, OpenBLAS may start after this: then not yet.
__attribute__((constructor)) static void prepare_at_load(void) {
#if defined(__x86_64__)
  if (openblas_get_corename && generation(openblas_get_corename()) == UNKNOWN) return;
#endif
  adj_blas_prepare();
}

#endif

void adj_blas_prepare(void) {
  if (atomic_load_explicit(&prepared, memory_order_acquire)) return;
  pthread_once(&once, prepare);
}

const adj_blas_info *adj_blas_get_info(void) {
  adj_blas_prepare();
  return &info;
}

int adj_blas_thread_limit(void) {
  adj_blas_prepare();
  return atomic_load_explicit(&limit, memory_order_relaxed);
}

void adj_blas_set_thread_limit(int count) {
  adj_blas_prepare();
  if (count < 1) count = 1;
  atomic_store_explicit(&limit, count, memory_order_relaxed);
}
